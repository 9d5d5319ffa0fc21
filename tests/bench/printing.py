"""The measurements as lines of text."""

from collections.abc import Iterable, Iterator
from statistics import median

from tests.bench.measuring import Measurement, Target


def lines(section: str, measurements: Iterable[Measurement], *, judged: bool) -> Iterator[str]:
    yield f"\n{section}"
    for each in measurements:
        spread = f"{shown(min(each.values))} – {shown(max(each.values))}"
        yield f"  {each.name:<46} {shown(median(each.values)):>9} {each.unit:<4} ({spread}){'  ' + each.note if each.note else ''}"
        yield from (f"      {verdict(target, each, judged=judged)}" for target in each.targets)


def verdict(target: Target, of: Measurement, *, judged: bool) -> str:
    found = shown(target.reached(of.values))
    bound = f"{'at least' if target.at_least else 'at most'} {shown(target.bound)}"
    word = "not judged" if not judged else "reached" if target.met(of.values) else "FALLS SHORT"
    if not target.against:
        return f"{word}: {found} {of.unit}, target {bound}"
    return f"{word}: {found} x {'faster than ' if target.at_least else ''}{target.name}, target {bound} x"


def shown(value: float) -> str:
    """Three digits that matter, and no more decimals than that takes."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def summary(measurements: Iterable[Measurement]) -> str:
    verdicts = [(target.met(each.values), each.name) for each in measurements for target in each.targets]
    short = [name for met, name in verdicts if not met]
    if not short:
        return f"\nAll {len(verdicts)} targets reached."
    return f"\n{len(verdicts) - len(short)} of {len(verdicts)} targets reached. Falls short: {', '.join(short)}."
