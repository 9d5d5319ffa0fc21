"""A tenant's connection to the fake Jira, and what became of its tickets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import JiraConnection, Tenant, Ticket
from accounts.pull import syncing
from tests.fake_jira import TOKEN, USER, FakeJira, running

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["cloud", "server"])
def jira(request: pytest.FixtureRequest, settings: Settings) -> Iterator[FakeJira]:
    settings.ALLOW_PRIVATE_URLS = True
    with running(is_cloud=request.param == "cloud") as found:
        yield found


@pytest.fixture
def cloud(settings: Settings) -> Iterator[FakeJira]:
    settings.ALLOW_PRIVATE_URLS = True
    with running() as found:
        yield found


def connected(tenant: Tenant, jira: FakeJira, **values: Any) -> JiraConnection:
    given = {"name": "Support", "base_url": jira.url, "is_cloud": jira.is_cloud, "secret": TOKEN, "jql": "project = SUP"}
    row: JiraConnection = JiraConnection.objects.create(
        **{"tenant": tenant, "user": USER if jira.is_cloud else "", "next_run_at": timezone.now()} | given | values
    )
    return row


def fill(jira: FakeJira, count: int, step: timedelta = MINUTE) -> None:
    for number in range(count):
        status = ("To Do", "In Progress", "Done")[number % 3]
        jira.add(f"SUP-{number}", START + number * step, created=START - timedelta(days=1), status=status, labels=[f"c{number % 7}"])


def synced(row: JiraConnection) -> JiraConnection:
    """After the sync that is due now, however long it is to wait."""
    JiraConnection.objects.filter(pk=row.pk).update(next_run_at=timezone.now())
    syncing.pull(row.pk)
    row.refresh_from_db()
    return row


def tickets(tenant: Tenant) -> dict[str, tuple[Any, ...]]:
    """All that is stored and does not name the moment at which it was heard."""
    columns = ("external_id", "source_status", "status", "priority", "subject", "created_at", "closed_at", "source_version", "account_keys")
    rows = Ticket.objects.filter(tenant=tenant, source="jira").values_list(*columns)
    return {key: tuple(map(str, values)) for key, *values in rows}


def in_jira(jira: FakeJira) -> dict[str, tuple[str, int]]:
    return {issue.key: (issue.status, int(issue.updated.timestamp() * 1000)) for issue in jira.issues.values()}


def in_tamdash(tenant: Tenant) -> dict[str, tuple[str, int]]:
    rows = Ticket.objects.filter(tenant=tenant, source="jira", deleted_at=None)
    return {key: (status, version) for key, status, version in rows.values_list("external_id", "source_status", "source_version")}
