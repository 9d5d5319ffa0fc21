"""The comparison of two replays says the same as a slow twin that follows each account day by day."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from accounts.replayed import NO_SCORE, STATES, Day, Episode, Report, compare, paired
from accounts.schemas import HealthScoreResult
from accounts.scoring import Policy
from tests.generated import policies

FIRST = date(2026, 11, 1)
DEFAULT = Policy()
STRICT = Policy(red_below=60, amber_below=90)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@st.composite
def replays(draw: st.DrawFn) -> tuple[list[int], list[Day], Policy, Policy]:
    """A few accounts over up to twelve days; scores lie on and around the policies' limits."""
    old, new = draw(policies()), draw(policies())
    near = {limit + n for policy in (old, new) for limit in (policy.red_below, policy.amber_below) for n in (-1, 0)}
    scores = st.sampled_from([*sorted(min(score, 100) for score in near), 0, 100, NO_SCORE])
    count = draw(st.integers(1, 4))
    accounts = draw(st.lists(st.integers(1, 10**12), min_size=count, max_size=count, unique=True))
    a_day = st.lists(st.tuples(scores, scores), min_size=count, max_size=count)
    days = []
    for number in range(draw(st.integers(0, 12))):
        pairs = [(NO_SCORE, NO_SCORE) if NO_SCORE in pair else pair for pair in draw(a_day)]
        known = draw(st.integers(0, 9)) > 0
        pairs = pairs if known else [(NO_SCORE, NO_SCORE)] * count
        days.append(Day(day(number), known, bytes(o for o, _ in pairs), bytes(n for _, n in pairs)))
    return accounts, days, old, new


def courses(accounts: list[int], days: list[Day], policy: Policy, which: str) -> dict[int, list[tuple[date, int]]]:
    """The scores that each account had, by day."""
    return {
        account: [(each.day, score) for each in days if each.is_known and (score := getattr(each, which)[n]) != NO_SCORE]
        for n, account in enumerate(accounts)
    }


def opened(course: list[tuple[date, int]], policy: Policy) -> list[tuple[date, date]]:
    """Escalations by the contract's own validator: first and last day on which each is unresolved."""
    found: list[tuple[date, date]] = []
    is_open, before = False, None
    for when, score in course:
        rag = policy.rag(score)
        result = HealthScoreResult.model_validate(
            {"account_id": "A", "score": score, "rag_status": rag, "previous_rag": before}, context={"red_below": policy.red_below}
        )
        if is_open:
            is_open = rag != "Green"
        elif result.should_escalate:
            is_open = True
            found.append((when, when))
        if is_open:
            found[-1] = (found[-1][0], when)
        before = rag
    return found


@given(replays())
def test_the_tables_count_what_each_account_was_on_each_day(given: tuple[list[int], list[Day], Policy, Policy]) -> None:
    accounts, days, old, new = given
    report = compare(accounts, days, old, new)
    before, after = courses(accounts, days, old, "old"), courses(accounts, days, new, "new")
    pairs = [
        (account, when, old.rag(a), new.rag(b))
        for account in accounts
        for (when, a), (_, b) in zip(before[account], after[account], strict=True)
    ]
    last = max((each.day for each in days if each.is_known), default=None)
    assert report.last_day == last
    for row, was in enumerate(STATES):
        for column, would_be in enumerate(STATES):
            same = [(account, when) for account, when, a, b in pairs if (a, b) == (was, would_be)]
            assert report.account_days[row][column] == len(same)
            assert report.last_accounts[row][column] == len([when for _, when in same if when == last])
    differing = {account for account, when, a, b in pairs if when == last and a != b}
    assert {each.account for each in report.differing} == differing
    assert report.differing_count == len(differing)
    for line in report.days:
        of_day = [(a, b) for _, when, a, b in pairs if when == line.day]
        assert line.old == [sum(a == state for a, _ in of_day) for state in STATES]
        assert line.new == [sum(b == state for _, b in of_day) for state in STATES]


@given(replays())
def test_every_escalation_of_either_policy_is_in_exactly_one_kind(given: tuple[list[int], list[Day], Policy, Policy]) -> None:
    accounts, days, old, new = given
    report = compare(accounts, days, old, new)
    before, after = courses(accounts, days, old, "old"), courses(accounts, days, new, "new")
    expected_old = sorted((account, opens) for account in accounts for opens, _ in opened(before[account], old))
    expected_new = sorted((account, opens) for account in accounts for opens, _ in opened(after[account], new))
    shifts = [each for kind in ("gained", "lost", "earlier", "later", "same") for each in getattr(report, kind).named]
    assert sorted((each.account, each.old_day) for each in shifts if each.old_day) == expected_old
    assert sorted((each.account, each.new_day) for each in shifts if each.new_day) == expected_new
    assert all(each.old_day is None for each in report.gained.named)
    assert all(each.new_day is None for each in report.lost.named)
    assert all(each.old_day and each.new_day and each.new_day < each.old_day for each in report.earlier.named)
    assert all(each.old_day and each.new_day and each.new_day > each.old_day for each in report.later.named)
    assert all(each.old_day == each.new_day for each in report.same.named)


@st.composite
def courses_of_episodes(draw: st.DrawFn) -> list[Episode]:
    """Escalations of one account: one after the other, the last one perhaps not ended."""
    ends = sorted(draw(st.sets(st.integers(0, 14), max_size=8)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    unended = [Episode(ends[-1], None)] if len(ends) % 2 else []
    return [Episode(opens, ends) for opens, ends in pairs] + unended


def most_pairs(old: list[Episode], new: list[Episode]) -> int:
    """By trying all: the most pairs that share a day, each escalation in one at most."""
    touching = [(a, b) for a in old for b in new if days_of(a) & days_of(b)]
    for size in range(min(len(old), len(new)), 0, -1):
        for chosen in combinations(touching, size):
            if len({a for a, _ in chosen}) == len({b for _, b in chosen}) == size:
                return size
    return 0


def days_of(episode: Episode) -> set[int]:
    return set(range(episode.opens, 99 if episode.ends is None else episode.ends))


@given(courses_of_episodes(), courses_of_episodes())
def test_as_many_escalations_as_possible_find_their_counterpart(old: list[Episode], new: list[Episode]) -> None:
    found = list(paired(old, new))
    assert [a for a, _ in found if a] == old
    assert [b for _, b in found if b] == new
    both = [(a, b) for a, b in found if a and b]
    assert all(days_of(a) & days_of(b) for a, b in both)
    assert len(both) == most_pairs(old, new)


def report_of(*scores: int, new: Policy = STRICT) -> Report:
    """One account with the same scores under both policies, whose limits differ."""
    return compare([7], [Day(day(n), True, bytes([score]), bytes([score])) for n, score in enumerate(scores)], DEFAULT, new)


def test_a_stricter_policy_sees_trouble_earlier() -> None:
    report = report_of(95, 80, 50, 30)
    assert [(each.account, each.old_day, each.new_day, each.days) for each in report.earlier.named] == [(7, day(2), day(1), 1)]
    assert report.account_days == [[1, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert report.differing_count == 0


def test_an_account_that_only_the_new_policy_escalates_is_gained_and_the_reverse_lost() -> None:
    assert [each.new_day for each in report_of(100, 80, 100).gained.named] == [day(1)]
    lenient = Policy(red_below=5, amber_below=10)
    assert [each.old_day for each in report_of(100, 50, 100, new=lenient).lost.named] == [day(1)]


def test_what_is_amber_on_the_first_day_opens_nothing() -> None:
    assert report_of(80, 80).gained.count == 0
    assert report_of(50, 50, new=DEFAULT).same.count == 0
    assert report_of(30, new=DEFAULT).same.count == 1


def test_only_the_first_two_hundred_are_named() -> None:
    accounts = list(range(1, 302))
    days = [Day(day(0), True, bytes([100]) * 301, bytes([100]) * 301), Day(day(1), True, bytes([80]) * 301, bytes([80]) * 301)]
    report = compare(accounts, days, DEFAULT, STRICT)
    assert (report.gained.count, len(report.gained.named)) == (301, 200)
    assert (report.differing_count, len(report.differing)) == (301, 200)


def test_a_days_agreement_and_a_day_that_is_not_known_are_kept_as_they_are() -> None:
    days = [Day(day(0), False, bytes([NO_SCORE]), bytes([NO_SCORE])), Day(day(1), True, b"\x64", b"\x64", compared=1, agreeing=1)]
    report = compare([7], days, DEFAULT, STRICT)
    assert [(line.is_known, line.compared, line.agreeing) for line in report.days] == [(False, 0, 0), (True, 1, 1)]
    assert sum(map(sum, report.account_days)) == 1
