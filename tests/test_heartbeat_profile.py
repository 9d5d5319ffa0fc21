"""What heartbeats say reaches the profile, and leaves alone what a person set there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import heartbeats, tasks
from accounts.heartbeats import profile
from accounts.heartbeats.told import sense
from accounts.models import Account, EnvironmentItem, FeatureAdoption, HeartbeatReport
from tamdash.celery import app
from tests import make
from tests.conftest import Cast
from tests.test_account_page import text
from tests.test_portfolio_page import signed_in

BACKEND = "tamdash.sign_in.Passwords"


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep)


def says(account: Account, features: object = None, environment: object = None) -> None:
    heartbeats.ping(account.ping_id, timezone.now(), sense(features, environment, None))
    tasks.apply_heartbeat_reports()


def features(account: Account) -> dict[str, tuple[bool, str]]:
    return {row.name: (row.adopted, row.source) for row in account.features.all()}


def facts(account: Account) -> dict[str, str]:
    return {row.name: row.source for row in account.environment.all()}


def test_features_follow_what_heartbeats_say(account: Account) -> None:
    says(account, ["Saved views", "API"])
    assert features(account) == {"API": (True, "heartbeat"), "Saved views": (True, "heartbeat")}
    says(account, ["API"])
    assert features(account) == {"API": (True, "heartbeat"), "Saved views": (False, "heartbeat")}
    says(account, ["api", "SAVED VIEWS"])
    assert features(account) == {"API": (True, "heartbeat"), "Saved views": (True, "heartbeat")}
    says(account, environment=["EU only"])
    says(account, [])
    assert features(account) == {"API": (False, "heartbeat"), "Saved views": (False, "heartbeat")}
    assert facts(account) == {"EU only": "heartbeat"}


def test_a_report_that_the_database_does_not_take_holds_up_no_other(account: Account, cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_featureadoption ADD CHECK (name <> 'Odd')")
    other = make.account(cast.tenant)
    for each, name in ((account, "Odd"), (other, "API")):
        heartbeats.ping(each.ping_id, timezone.now(), sense([name], None, None))
    assert profile.apply_waiting() == 1
    assert (features(account), features(other)) == ({}, {"API": (True, "heartbeat")})
    assert HeartbeatReport.objects.get(applied_at=None).account == account


def test_facts_are_what_was_last_said(account: Account) -> None:
    says(account, environment={"Kubernetes": "1.30", "EU only": True})
    says(account, environment={"Kubernetes": "1.31", "EU only": True})
    assert facts(account) == {"EU only": "heartbeat", "Kubernetes 1.31": "heartbeat"}


def test_what_a_person_set_stays(account: Account) -> None:
    FeatureAdoption.objects.create(account=account, name="sso", adopted=False)
    FeatureAdoption.objects.create(account=account, name="Export", adopted=True)
    FeatureAdoption.objects.create(account=account, name="Webhooks", adopted=False, source="ticket")
    EnvironmentItem.objects.create(account=account, name="eu only")
    EnvironmentItem.objects.create(account=account, name="On premises")
    says(account, ["SSO", "Webhooks"], ["EU only"])
    assert features(account) == {"sso": (False, "manual"), "Export": (True, "manual"), "Webhooks": (True, "heartbeat")}
    says(account, [], [])
    assert features(account) == {"sso": (False, "manual"), "Export": (True, "manual"), "Webhooks": (False, "heartbeat")}
    assert facts(account) == {"eu only": "manual", "On premises": "manual"}


def test_an_edit_makes_a_row_the_persons_own(cast: Cast, account: Account) -> None:
    says(account, ["API"], ["EU only"])
    client = signed_in(cast.rep)
    form = client.get(reverse("profile-edit", args=[account.pk, "features", account.features.get().pk])).content.decode()
    assert "Once you save it, heartbeats no longer change it." in form
    client.post(reverse("profile-edit", args=[account.pk, "features", account.features.get().pk]), {"name": "API"})
    client.post(reverse("profile-edit", args=[account.pk, "environment", account.environment.get().pk]), {"name": "EU and US"})
    says(account, ["API", "Export"], ["EU only", "Kubernetes"])
    assert features(account) == {"API": (False, "manual"), "Export": (True, "heartbeat")}
    assert facts(account) == {"EU and US": "manual", "EU only": "heartbeat", "Kubernetes": "heartbeat"}


def test_what_was_said_reaches_nobody_elses_profile(cast: Cast, account: Account) -> None:
    others = [make.account(cast.tenant), make.account(cast.stranger.tenant)]
    for other in others:
        FeatureAdoption.objects.create(account=other, name="API", adopted=True, source="heartbeat")
    says(account, ["Export"], ["EU only"])
    assert {name: row for other in others for name, row in features(other).items()} == {"API": (True, "heartbeat")}
    assert not EnvironmentItem.objects.exclude(account=account).exists()


def test_nothing_is_lost_while_redis_is_away(
    account: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}}
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    response = Client().post(f"/ping/{account.ping_id}", {"features": ["API"]}, content_type="application/json")
    assert response.content == b"ok"
    assert "waits for the sweep" in caplog.text
    tasks.apply_heartbeat_reports()
    assert features(account) == {"API": (True, "heartbeat")}


def test_a_report_is_brought_in_once(account: Account) -> None:
    says(account, ["API"])
    assert HeartbeatReport.objects.get(account=account).applied_at is not None
    FeatureAdoption.objects.all().delete()
    says(account, ["API"])
    assert features(account) == {}
    assert profile.apply_waiting() == 0


def test_names_that_change_with_each_heartbeat_do_not_pile_up(account: Account) -> None:
    for turn in range(4):
        says(account, [f"{turn}-{number}" for number in range(200)])
    kept = features(account)
    assert len(kept) == profile.MOST_KEPT
    assert {name for name, (adopted, _) in kept.items() if adopted} == {f"3-{number}" for number in range(200)}


def test_the_page_shows_the_address_to_those_who_may_change_the_account(cast: Cast, account: Account, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    make.heartbeat(account, timezone.now() - timedelta(days=5))
    says(account, ["<b>API</b>"], ["EU only"])
    page = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert f"curl -fsS --retry 3 https://tamdash.example/ping/{account.ping_id}" in page
    assert "&lt;b&gt;API&lt;/b&gt;" in page
    assert page.count("By heartbeat") == 2
    other = signed_in(cast.other_rep).get(f"/accounts/{account.pk}/").content.decode()
    assert str(account.ping_id) not in other
    assert "The last one came" in text(other)


def test_an_admin_gives_an_account_a_new_address(cast: Cast, account: Account) -> None:
    client = Client()
    client.force_login(cast.admin, backend=BACKEND)
    foreign, second = make.account(cast.stranger.tenant), make.account(cast.tenant)

    def press(*chosen: Account) -> str:
        values = {"action": "new_ping_address", "_selected_action": [row.pk for row in chosen]}
        return client.post(reverse("admin:accounts_account_changelist"), values, follow=True).content.decode()

    assert "choose one account" in press(account, second)
    old, old_foreign = account.ping_id, foreign.ping_id
    press(foreign)
    page = press(account)
    account.refresh_from_db()
    foreign.refresh_from_db()
    assert foreign.ping_id == old_foreign
    assert (str(account.ping_id) in page, account.ping_id == old) == (True, False)
    assert [Client().get(f"/ping/{key}").status_code for key in (old, account.ping_id)] == [404, 200]
    assert "New ping address." in client.get(reverse("admin:accounts_account_history", args=[account.pk])).content.decode()
