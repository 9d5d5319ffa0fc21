"""The bench itself works: each section measures and prints all it promises, in small."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.bench.__main__ import SECTIONS
from tests.bench.measuring import Measurement, Target, in_turns
from tests.bench.printing import lines, summary

ITEMS = {
    "scan": [
        "e1: bare SELECT of aggregate and score",
        "e2: bare INSERT of as many snapshots",
        "the daily scan, projection included",
        "a loop over the accounts",
        "ORM: annotate, bulk_create, bulk_update",
        "write-ahead log an account",
        "“Scan now” of one account",
    ],
    "signals": [
        "a view that does nothing",
        "a ping",
        "a ping that says what it said before",
        "updates by pings that wrote to an index",
        "a webhook, stored and answered",
        "a ticket, posted alone",
        "a ticket, posted with 50",
    ],
}


def test_every_section_prints_its_items_and_how_each_compares() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--rounds", "1"],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = {name: text for name, _, text in (part.partition("\n") for part in done.stdout.strip().split("\n\n"))}
    for section in SECTIONS:
        for item in ITEMS.get(section, []):
            assert re.search(rf"^  {re.escape(item)} +[\d,.]+ (ms|B|%) +\([\d,.]+ – [\d,.]+\)", printed[section], re.MULTILINE), done.stdout
        if section != "files":  # which has no target
            assert re.search(r"not judged: [\d,.]+ (x .*|ms), target at (most|least) [\d,.]+", printed[section]), section


def test_items_are_measured_in_turns_and_none_is_always_first() -> None:
    order: list[str] = []

    def measured(name: str) -> float:
        order.append(name)
        return 1.0

    found = in_turns(3, {name: partial(measured, name) for name in "abc"})
    assert "".join(order) == "abcbcacab"
    assert found == {name: [1.0, 1.0, 1.0] for name in "abc"}


def test_a_ratio_is_that_of_the_median_round() -> None:
    """A round in which the machine was busy with something else slows both sides and counts like any other."""
    item = Measurement("scan", [30, 900, 20], targets=[Target(2, [10, 300, 10], "insert")])
    assert list(lines("scan", [item], judged=True))[1:] == [
        "  scan                                                30.0 ms   (20.0 – 900)",
        "      FALLS SHORT: 3.00 x insert, target at most 2.00 x",
    ]
    assert "Falls short: scan" in summary([item])


def test_a_rival_is_beaten_by_at_least_the_targets_multiple() -> None:
    item = Measurement("scan", [10, 10], targets=[Target(60, [600, 700], "loop", at_least=True), Target(30)])
    text = "\n".join(lines("scan", [item], judged=True))
    assert "reached: 65.0 x faster than loop, target at least 60.0 x" in text
    assert "reached: 10.0 ms, target at most 30.0" in text
    assert summary([item]).strip() == "All 2 targets reached."
