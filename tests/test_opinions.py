"""A person's opinion beside the score: given, shown, ended, and who was right."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import opinions, tasks
from accounts.models import Account, AccountHealth, HealthSnapshot, Opinion, ScanRun
from tamdash.celery import app
from tests import make
from tests.conftest import Cast
from tests.test_account_page import page_of, text
from tests.test_portfolio_page import signed_in

GIVEN = {"view": "worse", "reason": "Their sponsor left.", "days": "14"}


@pytest.fixture
def account(cast: Cast) -> Account:
    """Scored 80, Green."""
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=4, priority=1)
    make.scanned(cast.tenant)
    return account


def given(account: Account, view: str = "worse", days_ago: float = 10, days: int = 7) -> Opinion:
    assert account.owner
    return opinions.give(account, account.owner, view, "I know them", days, timezone.now() - timedelta(days=days_ago))


def scan_of(account: Account, score: int, rag: str, days_ago: float) -> None:
    """A scan of that account so long ago, as far as opinions look at it."""
    at = timezone.now() - timedelta(days=days_ago)
    policy = account.tenant.policies.get()
    run = ScanRun.objects.create(
        tenant=account.tenant, kind="tenant", local_date=at.date(), at=at, policy=policy, started_at=at, finished_at=at
    )
    before = HealthSnapshot.objects.filter(account=account).values().order_by("scan_id")[0]
    HealthSnapshot.objects.create(**before | {"scan_id": run.pk, "score": score, "rag": rag})


@pytest.mark.parametrize(
    ("view", "seen", "right"),
    [
        ("worse", [(71, "Green")], "score"),
        ("worse", [(80, "Green"), (70, "Green"), (90, "Green")], "opinion"),
        ("worse", [(79, "Amber")], "opinion"),
        ("worse", [(100, "Green")], "score"),
        ("better", [(89, "Green")], "score"),
        ("better", [(90, "Green")], "opinion"),
        ("better", [(10, "Red")], "score"),
        ("as_shown", [(10, "Red")], ""),
        ("worse", [], ""),
    ],
)
def test_who_was_right_from_80_green(view: str, seen: list[tuple[int, str]], right: str) -> None:
    assert opinions.right(view, 80, "Green", seen) == right
    assert opinions.right(view, 80, "Green", seen, too_soon=True) == ""


def test_better_from_red_is_right_with_the_state_alone() -> None:
    assert opinions.right("better", 39, "Red", [(40, "Amber")]) == "opinion"


def test_an_expired_opinion_ends_when_it_expired_and_is_graded_up_to_then(account: Account) -> None:
    opinion = given(account)
    scan_of(account, 75, "Green", 5)
    scan_of(account, 20, "Red", 2)  # after its time
    assert opinions.end_due(timezone.now()) == 1
    assert opinions.end_due(timezone.now()) == 0
    opinion.refresh_from_db()
    assert (opinion.ended_at, opinion.score_then, opinion.right) == (opinion.expires_at, 75, "score")


def test_the_minutes_tick_ends_only_what_has_expired(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make.account(account.tenant, account.owner)
    make.scanned(account.tenant)
    expired, stands = given(account), given(other, days=30)
    scan_of(account, 60, "Amber", 5)
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    tasks.scan_due_tenants()
    expired.refresh_from_db()
    stands.refresh_from_db()
    assert (expired.right, stands.ended_at) == ("opinion", None)


def test_another_opinion_replaces_the_current_one_and_grades_it(account: Account) -> None:
    first = given(account, days=30)
    scan_of(account, 60, "Amber", 5)
    second = given(account, "better", days_ago=1, days=30)
    first.refresh_from_db()
    assert (first.ended_at, first.right) == (second.created_at, "opinion")
    assert Opinion.objects.filter(ended_at=None).get() == second
    assert (second.score, second.rag) == (80, "Green")


def test_of_one_withdrawn_within_a_day_nobody_can_say(account: Account) -> None:
    opinion = given(account, days_ago=0.9)
    scan_of(account, 20, "Red", 0.5)
    assert opinions.withdraw(account)
    assert not opinions.withdraw(account)
    opinion.refresh_from_db()
    assert (opinion.right, opinion.score_then) == ("", 80)
    again = given(account, days_ago=1.5)
    opinions.withdraw(account)
    again.refresh_from_db()
    assert again.right == "opinion"


def test_one_that_lasts_a_day_by_its_own_word_is_graded(account: Account) -> None:
    opinion = given(account, days_ago=3, days=1)
    scan_of(account, 80, "Green", 2.5)
    opinions.end_due(timezone.now())
    opinion.refresh_from_db()
    assert opinion.right == "score"


def test_it_is_shown_as_opinion_beside_a_score_that_stays(cast: Cast, account: Account) -> None:
    answer = signed_in(cast.rep).post(f"/accounts/{account.pk}/opinion/", GIVEN, follow=True).content.decode()
    page = text(answer)
    assert "Rita Rep: worse than the score" in page
    assert "Their sponsor left." in page
    assert "An opinion" in page
    assert "Why 80" in page
    assert "Opinion of Rita Rep: worse than the score. Their sponsor left." in page
    assert AccountHealth.objects.get(account=account).score == 80
    other = text(signed_in(cast.other_rep).get(f"/accounts/{account.pk}/").content.decode())
    assert "Rita Rep: worse than the score" in other
    assert "Change your view" not in other


def test_an_expired_one_is_not_shown_even_before_it_is_ended(cast: Cast, account: Account) -> None:
    given(account)
    page = page_of(cast, account)
    assert "An opinion, given" not in page
    assert "Give your opinion" in page


def test_withdrawing_takes_it_from_the_page_and_leaves_it_in_the_log(cast: Cast, account: Account) -> None:
    given(account, days=30)
    page = text(signed_in(cast.rep).post(f"/accounts/{account.pk}/opinion/withdraw/", follow=True).content.decode())
    assert "An opinion, given" not in page
    assert "Opinion of Rita Rep ended" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": " "}, "Say why"),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "91"}, "less than or equal to 90"),
        ({"days": "soon"}, "A number of days"),
        ({"view": "great"}, "Choose one of the three"),
    ],
)
def test_a_form_that_lacks_something_keeps_what_was_typed(cast: Cast, account: Account, wrong: dict[str, str], said: str) -> None:
    answer = signed_in(cast.rep).post(f"/accounts/{account.pk}/opinion/", GIVEN | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in text(page)
    assert ("Their sponsor left." in page) == ("reason" not in wrong)
    assert not Opinion.objects.exists()


def test_before_the_first_scan_there_is_nothing_to_have_an_opinion_on(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    answer = signed_in(cast.rep).post(f"/accounts/{account.pk}/opinion/", GIVEN, follow=True)
    assert "Scan the account" in answer.content.decode()
    assert not Opinion.objects.exists()
