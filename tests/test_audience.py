"""Whom a release matters to, and why."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import FeatureAdoption, Integration
from communications.audience import Audience, reason
from communications.models import Release
from tests import make
from tests.conftest import Cast
from tests.releasing import customers, release, runs


@pytest.mark.parametrize(
    ("listed", "on_record", "matters"),
    [
        ("Kubernetes", "Kubernetes 1.31", True),
        ("Kubernetes 1.31", "Kubernetes 1.31", True),
        ("kubernetes 1.31 ", "Kubernetes 1.31", True),
        ("Kubernetes 1.31", "Kubernetes", True),  # which version is not known
        ("Kubernetes 1.31", "Kubernetes 1.30", False),
        ("Kubernetes", "OpenShift 4", False),
        ("Kube", "Kubernetes 1.31", False),
    ],
)
def test_an_environment_is_matched_by_name_and_by_the_version_that_is_given(listed: str, on_record: str, matters: bool) -> None:
    row = Release(affected_environments=[listed])
    assert (reason(row, "environment", on_record) is not None) is matters


@pytest.mark.parametrize(
    ("line", "kind", "on_record", "matters"),
    [
        ("The ERP Connector retries", "integration", "ERP connector", True),
        ("The ERP connectors retry", "integration", "ERP connector", False),
        ("Support for Kubernetes 1.31 ends", "environment", "Kubernetes 1.31", True),
        ("Support for Kubernetes 1.30 ends", "environment", "Kubernetes 1.31", False),
        ("Kubernetes operators restart by themselves", "environment", "Kubernetes 1.31", True),
        ("The Batch API reports progress", "feature", "API v3", False),
        ("A new version of the console", "environment", "Version 4.17.3", False),
    ],
)
def test_a_line_that_names_it_is_a_reason_too(line: str, kind: str, on_record: str, matters: bool) -> None:
    assert (reason(Release(fixes=[line]), kind, on_record) is not None) is matters  # type: ignore[arg-type]  # one of the kinds


def test_only_what_is_active_adopted_or_there_counts(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["erp CONNECTOR"], affected_features=["API v3"], affected_environments=["Kubernetes"])
    erp, api, kube = (make.account(cast.tenant, name=name) for name in ("Ada", "Bo", "Cy"))
    runs(erp, "ERP connector", uses=("API v3",))
    runs(api, uses=("API v3",))
    runs(kube, on=("Kubernetes 1.31", "Kubernetes 1.33"))
    off = make.account(cast.tenant)
    Integration.objects.create(account=off, name="ERP connector", is_active=False)
    FeatureAdoption.objects.create(account=off, name="API v3", adopted=False)
    runs(make.account(cast.tenant, is_active=False), "ERP connector")
    runs(make.account(cast.stranger.tenant), "ERP connector")
    found = Audience(row, cast.manager)
    assert [(line.name, [why.words for why in line.reasons]) for line in found.lines(10)] == [
        ("Ada", ["uses API v3", "integrates erp CONNECTOR"]),
        ("Bo", ["uses API v3"]),
        ("Cy", ["runs Kubernetes"]),
    ]
    counts = found.counts()
    assert (counts.accounts, counts.missing, counts.to_draft) == (3, 3, 3)
    assert [(group.reason.words, group.accounts) for group in counts.groups] == [
        ("uses API v3", 2),
        ("runs Kubernetes", 1),
        ("integrates erp CONNECTOR", 1),
    ]


def test_a_rep_finds_their_own_accounts_and_a_manager_all(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    mine = customers(cast.tenant, cast.rep, 2)
    customers(cast.tenant, cast.other_rep, 1)
    customers(cast.tenant, None, 1)
    assert [line.pk for line in Audience(row, cast.rep).lines(10)] == [account.pk for account in mine]
    assert Audience(row, cast.manager).counts().accounts == 4


def test_one_reason_alone_and_some_left_out(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"], affected_features=["API v3"])
    first, second, third = customers(cast.tenant, None, 3)
    runs(third, uses=("API v3",))
    assert [line.pk for line in Audience(row, cast.manager, "feature:api v3").lines(10)] == [third.pk]
    assert Audience(row, cast.manager, "feature:api v3").counts().to_draft == 1
    assert Audience(row, cast.manager, without=(first.pk, third.pk)).counts().to_draft == 1
    assert Audience(row, cast.manager, "feature:of another page").counts().to_draft == 3
    assert second in (first, second, third)


def test_a_release_that_names_nothing_on_record_matters_to_nobody(cast: Cast) -> None:
    customers(cast.tenant, None, 2)
    found = Audience(release(cast.tenant), cast.manager)
    assert found.counts().accounts == 0
    assert found.lines(10) == []


def test_however_many_accounts_it_takes_the_same_queries(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    for more in (1, 30):
        customers(cast.tenant, cast.rep, more)
        found = Audience(row, cast.manager)
        with django_assert_num_queries(3):
            found.counts()
            found.lines(50)
