"""Runs the sections and prints each item's median and range, its ratio to its yardstick, and which targets it misses."""

import argparse
import os
from contextlib import nullcontext
from importlib import import_module

import django

from tamdash import embedded
from tests.bench.measuring import Measurement, Options
from tests.bench.printing import lines, summary

SECTIONS = ["scan", "heatmap", "pages", "signals", "files", "backtest", "grounding"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--section", choices=SECTIONS, action="append", help="only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that everything runs, says nothing about speed")
    parser.add_argument("--million", action="store_true", help="a million accounts too, which takes some minutes and 5 GB of disk")
    parser.add_argument("--rounds", type=int, help="how often each item is measured, at least 7 times unless --quick")
    chosen = parser.parse_args()
    rounds = chosen.rounds or (2 if chosen.quick else 9)
    options = Options(chosen.quick, chosen.million, rounds if chosen.quick else max(rounds, 7))
    with embedded.servers():
        run(chosen.section or SECTIONS, options)


def run(sections: list[str], options: Options) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tamdash.settings")
    django.setup()
    from tests.bench.database import own_database

    found: list[Measurement] = []
    # One section's rows slow the next one's statements, which only matters where speed does.
    with own_database() if options.quick else nullcontext():
        for section in sections:
            with nullcontext() if options.quick else own_database():
                measured = import_module(f"tests.bench.{section}").measure(options)
            print("\n".join(lines(section, measured, judged=not options.quick)), flush=True)
            found += measured
    print("\nSizes this small say nothing about speed." if options.quick else summary(found))


if __name__ == "__main__":
    main()
