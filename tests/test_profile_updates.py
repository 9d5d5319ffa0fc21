"""Updates of a profile from outside: field by field, all or nothing, each change on record, and no word against a person's."""

from typing import Any

import pytest

from accounts.models import (
    Account,
    CoDevOpportunity,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    PortfolioChange,
    ProfileChange,
    Stakeholder,
)
from accounts.profile_updates import InvalidUpdates, merge
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in


@pytest.fixture
def account(cast: Cast) -> Account:
    found = make.account(cast.tenant, cast.rep, name="Aldermoor")
    Stakeholder.objects.create(account=found, name="Petra Hoffmann", role="CIO", technical_maturity="low", notes="Likes short mails")
    Integration.objects.create(account=found, name="SSO", since="2025-02-01")
    FeatureAdoption.objects.create(account=found, name="Saved views", adopted=False, source="manual")
    FeatureAdoption.objects.create(account=found, name="Bulk labels", adopted=False, source="heartbeat")
    EnvironmentItem.objects.create(account=found, name="EU only")
    CoDevOpportunity.objects.create(account=found, name="Returns portal", description="They would pilot it")
    return found


PAGE = "6f1f0c1e-5d5c-4f0e-9a55-1f2c0f6b7f11"


def told(account: Account) -> dict[str, Any]:
    found: Account = Account.objects.with_profile().get(pk=account.pk)
    return found.relationship_profile().model_dump(mode="json")


def issues(account: Account, updates: Any) -> list[str]:
    """What was wrong with it; that nothing was written is part of it."""
    before = told(account)
    with pytest.raises(InvalidUpdates) as caught:
        merge(account, updates, "Sales agent")
    assert told(account) == before
    assert not ProfileChange.objects.filter(account=account).exists()
    return caught.value.issues


def test_only_the_fields_that_were_told_change_and_each_is_on_record(account: Account) -> None:
    before = told(account)
    merge(account, {"integrations": [{"integration_name": " ssO", "is_active": False}], "stakeholders": []}, "Sales agent")
    expected = before["integrations"][0] | {"is_active": False}
    assert told(account) == before | {"integrations": [expected]}
    change = ProfileChange.objects.get()
    assert (change.part, change.name, change.before, change.after) == (
        "integrations",
        "SSO",
        {"is_active": True},
        {"is_active": False},
    )
    assert change.asked_by == "Sales agent"


def test_every_part_takes_new_entries(account: Account) -> None:
    record = {"date": "2026-11-20", "communication_type": "health_checkin", "subject": "November", "outcome": "Thanked us"}
    updates: dict[str, Any] = {
        "account_name": "Aldermoor Group",
        "profile_page_id": PAGE,
        "stakeholders": [{"name": "Nora", "role": "CTO", "technical_maturity": "high"}],
        "integrations": [{"integration_name": "Amber EDI", "is_active": False, "since": "2026-01-02"}],
        "feature_adoption": [{"feature_name": "Webhooks", "adopted": True, "source": "ticket"}],
        "customer_environment": ["Kubernetes 1.31", "eu ONLY"],
        "communication_history": [record],
        "co_dev_opportunities": [{"opportunity_name": "Rules as code", "description": "Asked twice", "status": "discussed"}],
    }
    Account.objects.update(name=account.external_id)
    marks = PortfolioChange.objects.count()
    merge(account, updates, "Sales agent")
    after = told(account)
    assert account.name == after["account_name"] == "Aldermoor Group"
    assert after["profile_page_id"] == PAGE
    for part in ("stakeholders", "integrations", "feature_adoption", "co_dev_opportunities"):
        assert any(updates[part][0].items() <= entry.items() for entry in after[part]), part
    assert after["customer_environment"] == ["EU only", "Kubernetes 1.31"]
    assert after["communication_history"] == [record]
    assert PortfolioChange.objects.count() > marks
    recorded = ProfileChange.objects.count()
    merge(account, updates, "Sales agent")
    assert ProfileChange.objects.count() == recorded == 8


def test_what_is_empty_deletes_nothing(account: Account) -> None:
    before = told(account)
    merge(
        account,
        {
            "stakeholders": [{"name": "Petra Hoffmann", "role": "", "notes": "", "technical_maturity": None}],
            "integrations": [{"integration_name": "SSO", "since": "unknown"}],
            "account_name": None,
            "customer_environment": None,
            "health_score": None,
        },
        "Sales agent",
    )
    assert told(account) == before


def test_what_remove_names_goes_and_nothing_else(account: Account) -> None:
    merge(account, {"remove": {"integrations": ["sso"], "customer_environment": ["EU only"]}}, "Sales agent")
    assert (told(account)["integrations"], told(account)["customer_environment"]) == ([], [])
    assert [(c.part, c.name, c.after) for c in ProfileChange.objects.order_by("pk")] == [
        ("integrations", "SSO", None),
        ("customer_environment", "EU only", None),
    ]


def test_an_opportunity_that_sales_was_told_of_is_not_told_again(account: Account) -> None:
    CoDevOpportunity.objects.update(dispatch_at="2026-11-20T10:00Z")
    merge(account, {"co_dev_opportunities": [{"opportunity_name": "Returns portal", "dispatched_to_sales": True}]}, "Sales agent")
    row = CoDevOpportunity.objects.get()
    assert (row.dispatched_to_sales, row.dispatch_at) == (True, None)


def test_all_that_is_wrong_is_said_at_once(account: Account) -> None:
    found = issues(
        account,
        {
            "health_score": 90,
            "account_id": "someone-else",
            "favourite_colour": "red",
            "stakeholders": [{"name": "Nora"}, {"name": "Petra Hoffmann", "role": 7, "email": "p@x.example"}, "Nora"],
            "integrations": [{"integration_name": "SSO", "since": "last spring"}, {"integration_name": "sso", "is_active": "yes"}],
            "co_dev_opportunities": [{"opportunity_name": "X" * 161, "description": "d", "status": "won"}],
            "customer_environment": "Kubernetes",
            "communication_history": [{"date": "", "communication_type": "letter", "subject": "\0"}],
            "remove": {"integrations": ["nothing like it"], "stakeholders": ["Petra Hoffmann"]},
        },
    )
    assert "health_score is computed by the scan and cannot be set." in found
    assert "“favourite_colour”" not in found
    for words in (
        "account_id names another account",
        "favourite_colour is no field",
        "stakeholders “Nora”: role is missing",
        "stakeholders, entry 2: role must be text",
        "stakeholders, entry 2: email is no field of it",
        "stakeholders, entry 3: it must be an object of fields",
        "since must be a date such as 2026-11-21",
        "is_active must be true or false",
        "opportunity_name is longer than 160 characters",
        "status must be surfaced, discussed, in_progress or closed",
        "customer_environment must be a list",
        "communication_history, entry 1: date is empty",
        "subject holds a character that cannot be shown",
        "there is no “nothing like it”",
        "nothing can be taken out of stakeholders",
    ):
        assert any(words in issue for issue in found), (words, found)


def test_the_page_and_the_admin_show_who_asked_for_what(account: Account, cast: Cast) -> None:
    for role in ("CIO", "<script>CTO"):
        merge(account, {"stakeholders": [{"name": "Nora", "role": role}]}, "Sales agent")
    page = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert "Stakeholder Nora: role CIO → &lt;script&gt;CTO, asked by Sales agent" in page
    listed = signed_in(cast.admin).get("/admin/accounts/profilechange/").content.decode()
    assert "Sales agent" in listed
    assert "Add profile change" not in listed
