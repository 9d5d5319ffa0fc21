"""What is written to be told, with what happened: to the right people, once, and never too much at a time."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import scan
from accounts.models import Account, ChannelSettings, Escalation, Notification, Stakeholder, Tenant, User
from accounts.notifications import outbox, recipients
from accounts.onboarding import create_tenant
from tests import make
from tests.conftest import Cast
from tests.messages import Told

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def set_up(tenant: Tenant, settings: Settings) -> None:
    """All four channels."""
    settings.EMAIL_IS_SET_UP = True
    ChannelSettings.objects.create(tenant=tenant, chat_url="slack://secret", notion_token="secret")


def rows(**values: object) -> list[tuple[str, int | None, str, str]]:
    found = Notification.objects.filter(**values).order_by("channel", "recipient")
    return list(found.values_list("channel", "recipient", "status", "error"))


def test_an_escalation_leaves_a_row_for_each_channel(cast: Cast, settings: Settings) -> None:
    set_up(cast.tenant, settings)
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    assert rows(escalation=escalation) == [
        ("chat", cast.rep.pk, "pending", ""),
        ("email", cast.rep.pk, "pending", ""),
        ("event_bus", None, "pending", ""),
        ("notion", None, "pending", ""),
    ]


def test_a_channel_that_is_not_set_up_is_skipped_and_says_so(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = False
    ChannelSettings.objects.create(tenant=cast.tenant, event_bus_enabled=False)
    make.escalation(make.red_account(cast.tenant, cast.rep))
    assert {(status, error) for _, _, status, error in rows()} == {("skipped", "Not set up.")}


def test_a_chat_of_ones_own_needs_none_of_the_tenants(cast: Cast) -> None:
    User.objects.filter(pk=cast.rep.pk).update(chat_url="slack://mine")
    make.escalation(make.red_account(cast.tenant, cast.rep))
    assert rows(channel="chat") == [("chat", cast.rep.pk, "pending", "")]


def test_the_secrets_of_a_channel_are_not_legible_in_the_database(cast: Cast) -> None:
    ChannelSettings.objects.create(tenant=cast.tenant, chat_url="slack://legible", notion_token="legible")
    with connection.cursor() as cursor:
        cursor.execute("SELECT channels::text FROM accounts_channelsettings channels")
        (stored,) = cursor.fetchone() or ("",)
    assert "legible" not in stored
    assert ChannelSettings.objects.get().chat_url == "slack://legible"


def test_a_secret_of_another_key_reads_as_not_set_up(cast: Cast, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    ChannelSettings.objects.create(tenant=cast.tenant, chat_url="slack://legible")
    settings.SECRET_KEY = "another" * 8
    assert ChannelSettings.objects.get().chat_url == ""
    assert "Enter it again" in caplog.text


def test_without_an_owner_every_manager_is_told(cast: Cast, settings: Settings) -> None:
    set_up(cast.tenant, settings)
    second = make.user(cast.tenant, "manager")
    make.escalation(make.red_account(cast.tenant))
    assert [recipient for _, recipient, _, _ in rows(channel="email")] == [cast.manager.pk, second.pk]


def test_where_there_is_nobody_to_tell_the_row_says_so(settings: Settings) -> None:
    tenant = make.tenant()
    set_up(tenant, settings)
    make.escalation(make.red_account(tenant))
    assert rows(channel="email") == [("email", None, "skipped", outbox.NOBODY)]
    assert Notification.objects.filter(status="pending").count() == 2, "systems hear of it all the same"


def test_the_same_scan_again_tells_nothing_again(cast: Cast) -> None:
    make.red_account(cast.tenant, cast.rep)
    for _ in range(3):
        make.scanned(cast.tenant)
    assert Notification.objects.count() == 4
    tomorrow = timezone.now() + DAY
    outbox.tell(cast.tenant, tomorrow, opened=list(Escalation.objects.values_list("pk", flat=True)))
    assert Notification.objects.count() == 4


def test_a_replay_of_the_past_tells_nobody(cast: Cast) -> None:
    make.red_account(cast.tenant, cast.rep)
    scan.replay_day(cast.tenant, timezone.now().date())
    assert Escalation.objects.exists()
    assert not Notification.objects.exists()


def test_workers_are_told_on_commit_of_each_channel_with_something_to_do(
    cast: Cast, told: Told, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's own fixture has no type
        make.escalation(make.red_account(cast.tenant, cast.rep))
    drains = [arguments for task, arguments in told() if task == "accounts.tasks.deliver_notifications"]
    assert drains == [[cast.tenant.pk, "event_bus"]]


@pytest.mark.parametrize(("opened", "alerts", "digests"), [(5, 5, 0), (6, 5, 1), (9, 5, 1)])
def test_beyond_five_at_once_the_rest_comes_in_one_digest(cast: Cast, settings: Settings, opened: int, alerts: int, digests: int) -> None:
    set_up(cast.tenant, settings)
    for _ in range(opened):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    for channel in ("email", "chat"):
        found = Notification.objects.filter(channel=channel, recipient=cast.rep)
        assert found.filter(kind="opened", carried_by=None).count() == alerts
        assert found.filter(kind="digest").count() == digests
        assert found.filter(kind="opened", carried_by__kind="digest", carried_by__channel=channel).count() == opened - alerts
    assert Notification.objects.filter(channel="event_bus").count() == opened


def test_the_worst_are_told_one_by_one(cast: Cast, settings: Settings) -> None:
    set_up(cast.tenant, settings)
    for extra in range(8):
        account = make.red_account(cast.tenant, cast.rep)
        for _ in range(extra % 4):
            make.ticket(account, priority=4)
            make.ticket(account, days=5, priority=1)
    make.scanned(cast.tenant)
    emails = Notification.objects.filter(channel="email", kind="opened")
    singly = emails.filter(carried_by=None).values_list("escalation__score", flat=True)
    carried = emails.exclude(carried_by=None).values_list("escalation__score", flat=True)
    assert max(singly) <= min(carried)


def test_a_database_holds_recipients_to_the_tenant(cast: Cast) -> None:
    make.escalation(make.red_account(cast.tenant, cast.rep))
    make.check_constraints_at_once()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.filter(channel="email").update(recipient=cast.stranger)


def test_the_daily_scan_leaves_a_morning_digest_for_whoever_looks_after_accounts(cast: Cast, settings: Settings) -> None:
    set_up(cast.tenant, settings)
    opted_out = make.user(cast.tenant, "rep")
    User.objects.filter(pk=opted_out.pk).update(wants_morning_digest=False)
    for owner in (cast.rep, opted_out):
        make.account(cast.tenant, owner)
    make.account(cast.tenant, cast.other_rep, is_active=False)
    morning = scan.daily_instant(cast.tenant, timezone.now())
    for _ in range(2):
        scan.run_daily_if_due(cast.tenant, morning)
    assert list(Notification.objects.filter(kind="morning").values_list("recipient", "channel")) == [(cast.rep.pk, "email")]


@dataclass(frozen=True)
class Person:
    role: str
    is_active: bool
    is_customer: bool
    is_elsewhere: bool

    @property
    def may_be_told(self) -> bool:
        return self.is_active and not self.is_customer and not self.is_elsewhere


seldom = st.sampled_from([False, False, True])
persons = st.builds(
    Person, role=st.sampled_from(["rep", "manager", "admin"]), is_active=st.booleans(), is_customer=seldom, is_elsewhere=seldom
)


@given(people=st.lists(persons, min_size=1, max_size=7), owners=st.lists(st.integers(0, 7), min_size=1, max_size=4))
@hypothesis(max_examples=30)
def test_nobody_is_told_who_left_or_is_a_customer_or_works_elsewhere(people: list[Person], owners: list[int]) -> None:
    with transaction.atomic():
        number = next(make.numbers)
        tenant, elsewhere = (create_tenant(f"{name}-{number}", name) for name in ("here", "there"))
        made: dict[User, Person] = {}
        for index, drawn in enumerate(people):
            of, email = elsewhere if drawn.is_elsewhere else tenant, f"p{index}-{number}@here.test"
            made[User.objects.create(tenant=of, email=email, role=drawn.role, is_active=drawn.is_active)] = drawn
        customer = make.account(tenant)
        for index, drawn in enumerate(people):
            if drawn.is_customer:
                Stakeholder.objects.create(account=customer, name=f"P{index}", role="CIO", email=f"P{index}-{number}@HERE.test")
        own = [user for user, drawn in made.items() if not drawn.is_elsewhere]
        accounts = [make.red_account(tenant, own[index] if index < len(own) else None) for index in owners]
        make.scanned(tenant)
        for account in accounts:
            check(account, made)
        assert all((not recipients.refusal(user, tenant.pk)) is drawn.may_be_told for user, drawn in made.items())
        transaction.set_rollback(True)


def check(account: Account, people: dict[User, Person]) -> None:
    """Its owner is told, or else every manager; nobody who may not be."""
    allowed = [user for user, drawn in people.items() if drawn.may_be_told]
    owner: list[int | None] = [user.pk for user in allowed if user.pk == account.owner_id]
    expected = owner or [user.pk for user in allowed if user.role == "manager"] or [None]
    for channel in ("email", "chat"):
        told = Notification.objects.filter(escalation__account=account, channel=channel).values_list("recipient", flat=True)
        assert Counter(told) == Counter(expected)
