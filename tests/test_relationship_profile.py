"""Contract 8 from the database."""

from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    Stakeholder,
)
from accounts.schemas import RelationshipProfile
from tests import make
from tests.conftest import Cast


def filled(account: Account, rows: int = 1) -> None:
    for number in range(rows):
        Stakeholder.objects.create(account=account, name=f"Petra {number}", role="CIO", technical_maturity="low", notes="Prefers calls")
        Integration.objects.create(account=account, name=f"Order sync {number}", since=date(2024, 3, 1))
        FeatureAdoption.objects.create(account=account, name=f"Batch API {number}", adopted=True, source="heartbeat")
        EnvironmentItem.objects.create(account=account, name=f"Kubernetes 1.{number}")
        CommunicationHistory.objects.create(
            account=account, date=date(2026, 11, 2), communication_type="health_checkin", subject="Hello", outcome="Thanked us"
        )
        CoDevOpportunity.objects.create(account=account, name=f"Bulk import {number}", description="Together", status="discussed")


def test_the_profile_holds_what_the_database_holds(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep, external_id="halden", name="Halden Freight", profile_page_id="page-1")
    filled(account)
    run = make.scanned(cast.tenant)
    profile = Account.objects.get().relationship_profile()
    assert profile == RelationshipProfile.model_validate(
        {
            "account_id": "halden",
            "account_name": "Halden Freight",
            "stakeholders": [{"name": "Petra 0", "role": "CIO", "technical_maturity": "low", "notes": "Prefers calls"}],
            "integrations": [{"integration_name": "Order sync 0", "is_active": True, "since": "2024-03-01"}],
            "feature_adoption": [{"feature_name": "Batch API 0", "adopted": True, "source": "heartbeat"}],
            "customer_environment": ["Kubernetes 1.0"],
            "communication_history": [
                {"date": "2026-11-02", "communication_type": "health_checkin", "subject": "Hello", "outcome": "Thanked us"}
            ],
            "co_dev_opportunities": [{"opportunity_name": "Bulk import 0", "description": "Together", "status": "discussed"}],
            "health_score": 25,
            "health_rag": "Red",
            "last_health_scan": run.at,
            "profile_page_id": "page-1",
        }
    )


def test_an_empty_account_has_an_empty_profile(cast: Cast) -> None:
    account = make.account(cast.tenant)
    assert account.relationship_profile() == RelationshipProfile(account_id=account.external_id, account_name=account.name)


def test_its_number_of_queries_does_not_grow(cast: Cast) -> None:
    account, counts = make.account(cast.tenant), []
    for rows in (1, 30):
        Stakeholder.objects.all().delete()
        for model in (Integration, FeatureAdoption, EnvironmentItem, CoDevOpportunity):
            model.objects.all().delete()
        filled(account, rows)
        with CaptureQueriesContext(connection) as queries:
            Account.objects.with_profile().get(pk=account.pk).relationship_profile()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9
