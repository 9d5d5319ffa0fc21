"""The life of a scoring policy, and the pages and the admin site that lead it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import backtest, policies, scan
from accounts.models import Account, Backtest, HealthSnapshot, PortfolioChange, ScoringPolicy, Tenant
from accounts.policies import PolicyError
from accounts.tasks import scan_tenant_now
from tests import make
from tests.conftest import Cast
from tests.messages import Told, told
from tests.test_drafts import at_once
from tests.test_portfolio_page import signed_in

__all__ = ["told"]
LIST = "admin:accounts_scoringpolicy_changelist"


def draft_of(tenant: Tenant, **changes: int) -> ScoringPolicy:
    draft = policies.copy(policies.in_force(tenant))
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.save()
    return draft


def replayed_of(tenant: Tenant, **changes: int) -> ScoringPolicy:
    make.ticket(Account(tenant=tenant), days=300, account=None, status="closed")  # of no account, yet its time is known
    draft = draft_of(tenant, **changes)
    backtest.run(backtest.start(draft, None, 2).pk)
    draft.refresh_from_db()
    assert draft.status == "replayed"
    return draft


def test_activating_retires_the_former_and_leaves_every_past_score_as_it_was(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    scan.scan_tenant(cast.tenant)
    before = HealthSnapshot.objects.filter(account=account).values().get()
    former, policy = policies.in_force(cast.tenant), replayed_of(cast.tenant, late_points=0)
    marks = PortfolioChange.objects.filter(tenant=cast.tenant).count()
    policies.activate(policy, cast.admin)
    former.refresh_from_db()
    assert (former.status, policy.status, policy.activated_by) == ("retired", "active", cast.admin)
    assert HealthSnapshot.objects.filter(account=account).values().get() == before
    assert PortfolioChange.objects.filter(tenant=cast.tenant).count() == marks + 1
    assert policy.activated_at
    assert scan.policy_at(cast.tenant, policy.activated_at) == policy
    run = scan.scan_tenant(cast.tenant)
    assert (run.policy, run.snapshots.get().late_points) == (policy, 0)


def test_an_activation_asks_for_a_scan_in_the_name_of_who_activated(
    cast: Cast, told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make.account(cast.tenant)
    policy = replayed_of(cast.tenant)
    with django_capture_on_commit_callbacks(execute=True):
        policies.activate(policy, cast.admin)
    assert told() == [("accounts.tasks.scan_tenant_now", [cast.tenant.pk, cast.admin.pk])]
    scan_tenant_now(cast.tenant.pk, cast.admin.pk)
    run = cast.tenant.scan_runs.get()
    assert (run.kind, run.policy, run.requested_by, run.accounts) == ("tenant", policy, cast.admin, 1)


@pytest.mark.parametrize(
    ("status", "words"), [("draft", "has not been back-tested"), ("active", "is in force already"), ("retired", "Copy it into a new draft")]
)
def test_only_a_replayed_policy_can_be_activated(cast: Cast, status: str, words: str) -> None:
    first = policies.in_force(cast.tenant)
    if status == "retired":
        policies.activate(replayed_of(cast.tenant), cast.admin)
    policy = draft_of(cast.tenant) if status == "draft" else ScoringPolicy.objects.get(pk=first.pk)
    in_force = policies.in_force(cast.tenant)
    with pytest.raises(PolicyError, match=words):
        policies.activate(policy, cast.admin)
    assert policies.in_force(cast.tenant) == in_force


@pytest.mark.django_db(transaction=True)
def test_of_two_policies_activated_at_once_one_is_and_the_other_is_told_to_look_again() -> None:
    """Both were back-tested against the version that the first of them retires."""
    tenant = make.tenant()
    admin = make.user(tenant, "admin")
    chosen = [replayed_of(tenant, late_points=points) for points in (10, 30)]
    outcomes = at_once(*[lambda policy=policy: policies.activate(policy, admin) for policy in chosen])
    (refused,) = [outcome for outcome in outcomes if outcome is not None]
    assert "it was not back-tested against that" in str(refused)
    assert sorted(tenant.policies.values_list("status", flat=True)) == ["active", "replayed", "retired"]
    assert policies.in_force(tenant) == chosen[outcomes.index(None)]


@pytest.mark.django_db(transaction=True)
def test_two_copies_at_once_get_versions_of_their_own() -> None:
    first = policies.in_force(make.tenant())
    assert not [each for each in at_once(lambda: policies.copy(first), lambda: policies.copy(first)) if isinstance(each, Exception)]
    assert list(first.tenant.policies.order_by("version").values_list("version", flat=True)) == [1, 2, 3]


def test_a_retired_policy_lives_on_as_a_new_draft(cast: Cast) -> None:
    old = policies.in_force(cast.tenant)
    policies.activate(replayed_of(cast.tenant, late_points=30), cast.admin)
    page = signed_in(cast.admin).post(reverse("policy-copy", args=[old.version]), follow=True).content.decode()
    draft = cast.tenant.policies.get(version=3)
    assert (draft.status, draft.rules()) == ("draft", old.rules())
    assert "Version 3 is a draft with the numbers of version 1." in page


def test_numbers_stay_once_a_policy_has_left_draft(cast: Cast) -> None:
    policy = replayed_of(cast.tenant)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoringPolicy.objects.filter(pk=policy.pk).update(late_points=1)


def page_of(who: Client, policy: ScoringPolicy) -> str:
    response = who.get(policy.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_a_manager_reads_and_an_admin_acts(cast: Cast) -> None:
    policy = replayed_of(cast.tenant, late_points=25)
    manager, admin = page_of(signed_in(cast.manager), policy), page_of(signed_in(cast.admin), policy)
    for words in ("1 differs from version 1", "+5", "Back-tested", "Every account is in the same state"):
        assert words in manager
    for words in (
        "Activate version 2",
        "Copy into a new draft",
        'name="days"',
        "A scan with it starts now and may open escalations (0 gained",
    ):
        assert (words in admin, words in manager) == (True, False)


def test_activating_says_how_many_escalations_its_latest_back_test_gained(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    Account.objects.update(created_at=timezone.now() - timedelta(days=400))
    make.ticket(account, days=8.5, priority=1)
    policy = replayed_of(cast.tenant, late_points=65, late_cap=70)
    client = signed_in(cast.admin)
    assert "may open escalations (1 gained in the back-test over 2 days). Past scores stay" in page_of(client, policy)
    other = replayed_of(cast.tenant, late_points=5)
    assert "(0 gained in the back-test over 2 days)" in page_of(client, other)
    policies.activate(other, cast.admin)
    assert "(1 gained in the back-test against version 1 over 2 days)" in page_of(client, policy)


def test_a_retired_version_is_copied_not_back_tested(cast: Cast) -> None:
    first = policies.in_force(cast.tenant)
    policies.activate(replayed_of(cast.tenant), cast.admin)
    client = signed_in(cast.admin)
    page = page_of(client, first)
    assert "Retired. Copy it into a new draft to use its numbers again." in page
    assert 'name="days"' not in page
    assert "Only then" not in page
    answer = client.post(reverse("policy-backtest", args=[1]), {"days": 3}, follow=True).content.decode()
    assert "Version 1 was not back-tested: it is retired." in answer
    assert not first.backtests.exists()


def test_a_manager_is_told_who_changes_a_policy(cast: Cast) -> None:
    answer = signed_in(cast.manager).post(reverse("policy-copy", args=[1]))
    assert answer.status_code == 403
    assert "Only admins can change this. Ask one of them." in answer.content.decode()


def test_the_list_says_what_each_version_changes_and_who_activated_it(cast: Cast) -> None:
    policies.activate(replayed_of(cast.tenant, late_points=25, late_cap=50, free_tickets=6, red_below=45), cast.admin)
    page = signed_in(cast.manager).get(reverse("policies")).content.decode()
    for words in ("Each late ticket costs 20, not 25", "and 1 more", "by Ada Admin", "set up with the tenant", "Retired", "In force"):
        assert words in page


def test_many_versions_and_back_tests_cost_as_many_queries_as_few(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    policy = replayed_of(cast.tenant, late_points=0)
    counts = []
    for more in (0, 5):
        for _ in range(more):
            make.red_account(cast.tenant, cast.rep)
            backtest.run(backtest.start(policy, None, 3).pk)
            replayed_of(cast.tenant)
        client = signed_in(cast.manager)
        with CaptureQueriesContext(connection) as queries:
            assert account.name in page_of(client, policy)
            client.get(reverse("policies"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_wrong_number_of_days_is_explained(cast: Cast) -> None:
    address = reverse("policy-backtest", args=[draft_of(cast.tenant).version])
    for days in ("", "0", "181", "many"):
        response = signed_in(cast.admin).post(address, {"days": days})
        assert response.status_code == 422
        assert 'id="days-e"' in response.content.decode()
    assert not Backtest.objects.exists()


def test_versions_of_another_tenant_are_not_found(cast: Cast) -> None:
    draft_of(cast.tenant)
    stranger = signed_in(make.user(cast.stranger.tenant, "admin"))
    for name in ("policy-backtest", "policy-activate", "policy-copy"):
        assert stranger.post(reverse(name, args=[2]), {"days": 3}).status_code == 404


def act(cast: Cast, action: str, *chosen: ScoringPolicy) -> str:
    data = {"action": action, "_selected_action": [policy.pk for policy in chosen]}
    return signed_in(cast.admin).post(reverse(LIST), data, follow=True).content.decode()


def test_the_admin_site_back_tests_and_activates_by_the_same_rules(cast: Cast) -> None:
    first, draft = policies.in_force(cast.tenant), draft_of(cast.tenant)
    assert "has not been back-tested" in act(cast, "activate", draft)
    assert "Choose one." in act(cast, "activate", first, draft)
    assert "Version 2 is being back-tested." in act(cast, "back_test", draft)
    assert "being back-tested right now" in act(cast, "back_test", draft)
    row = Backtest.objects.get()
    assert (row.policy, row.requested_by, (row.last_day - row.first_day).days) == (draft, cast.admin, 29)
    backtest.run(row.pk)
    assert "Version 2 is in force." in act(cast, "activate", draft)
    assert policies.in_force(cast.tenant) == draft
    change = signed_in(cast.admin).get(reverse("admin:accounts_scoringpolicy_change", args=[draft.pk])).content.decode()
    assert "/policies/2/" in change


def test_another_tenants_policy_is_not_touched_through_the_admin_site(cast: Cast) -> None:
    theirs = draft_of(cast.stranger.tenant)
    act(cast, "back_test", theirs)
    assert not Backtest.objects.exists()


def test_a_draft_with_back_tests_can_be_thrown_away(cast: Cast) -> None:
    draft = draft_of(cast.tenant)
    row = backtest.start(draft, None, 2)
    ScoringPolicy.objects.filter(pk=draft.pk).update(late_points=33)
    backtest.run(row.pk)
    page = reverse("admin:accounts_scoringpolicy_delete", args=[draft.pk])
    assert signed_in(cast.admin).post(page, {"post": "yes"}).status_code == 302
    assert not ScoringPolicy.objects.filter(pk=draft.pk).exists()
