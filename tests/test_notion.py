from datetime import UTC, datetime

import pytest

from accounts.models import Account, ChannelSettings, Notification
from accounts.notifications import delivery
from accounts.notifications.channels import ChannelError, notion
from accounts.schemas import (
    CoDevOpportunity,
    CommunicationRecord,
    FeatureAdoption,
    IntegrationStatus,
    RelationshipProfile,
    StakeholderProfile,
)
from tests import make
from tests.conftest import Cast
from tests.fake_notion_workspace import SOURCE, TOKEN, Page, Workspace

SCANNED = datetime(2026, 11, 22, 7, 0, 30, 123456, tzinfo=UTC)


def profile(page: Page | None = None, **values: object) -> RelationshipProfile:
    health = {"health_score": 25, "health_rag": "Red", "last_health_scan": SCANNED}
    given = {"account_id": "A-1", "account_name": "Halden AG", "profile_page_id": page.id if page else None} | health | values
    return RelationshipProfile.model_validate(given)


def full(page: Page) -> RelationshipProfile:
    return profile(
        page,
        stakeholders=[StakeholderProfile(name="Petra Hoffmann", role="CTO", technical_maturity="high", notes="Asks for figures.")],
        integrations=[IntegrationStatus(integration_name="Salesforce", is_active=False, since="2025-03-01")],
        feature_adoption=[FeatureAdoption(feature_name="Export", adopted=True, source="heartbeat")],
        customer_environment=["Kubernetes 1.31"],
        communication_history=[
            CommunicationRecord(date="2026-11-01", communication_type="health_checkin", subject="How things stand", outcome="Calm.")
        ],
        co_dev_opportunities=[CoDevOpportunity(opportunity_name="Connector", description="For SAP.", status="in_progress")],
    )


def sub_page(space: Workspace, page: Page) -> Page:
    """The only one there is."""
    [found] = space.below(page)
    assert found.title == "Technical Relationship Profile"
    return found


def refusal(*of: object) -> str:
    with pytest.raises(ChannelError) as caught:
        notion.update(TOKEN, *of)  # type: ignore[arg-type]  # what the tests below hand on
    assert caught.value.permanent
    return str(caught.value)


def test_the_health_arrives_in_the_properties_of_the_accounts_page(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    assert notion.update(TOKEN, profile(page), "") == (
        page.id,
        f"The account's page in Notion, https://www.notion.so/{page.id.replace('-', '')}",
    )
    assert page.properties["Health Score"] == {"number": 25}
    assert page.properties["Health Status"] == {"select": {"name": "Red"}}
    assert page.properties["Last Health Scan"] == {"date": {"start": "2026-11-22T07:00:30+00:00"}}


def test_the_profile_arrives_in_its_sections(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    notion.update(TOKEN, full(page), "")
    note, *lines = notion_workspace.seen(sub_page(notion_workspace, page))
    assert note.startswith("tamdash wrote this page on ")
    assert lines == [
        "Stakeholder map",
        "Name | Role | Technical maturity | Notes",
        "Petra Hoffmann | CTO | High | Asks for figures.",
        "Integration depth",
        "Integration | State | Since",
        "Salesforce | Inactive | 2025-03-01",
        "Feature adoption",
        "Feature | Adopted | Known from",
        "Export | Yes | Heartbeat",
        "Customer environment",
        "Kubernetes 1.31",
        "Communication history",
        "Date | Type | Subject | Outcome",
        "2026-11-01 | Health check-in | How things stand | Calm.",
        "Health",
        "Score: 25 of 100",
        "State: Red",
        "Last scan: 22 November 2026, 07:00 UTC",
        "Co-development",
        "Opportunity | Status | With sales | Description",
        "Connector | In progress | No | For SAP.",
    ]


def test_an_empty_section_says_so(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    notion.update(TOKEN, profile(page, health_score=None, health_rag=None, last_health_scan=None), "")
    assert notion_workspace.seen(sub_page(notion_workspace, page))[1::2] == [
        "Stakeholder map",
        "Integration depth",
        "Feature adoption",
        "Customer environment",
        "Communication history",
        "Health",
        "Co-development",
    ]
    assert "No stakeholder is known yet." in notion_workspace.seen(sub_page(notion_workspace, page))
    assert page.properties["Health Score"] == {"number": None}


def test_a_long_profile_arrives_whole(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    notes = "𝄞" * 2000  # each counts twice in Notion
    people = [{"name": f"Person {number}", "role": "CTO", "technical_maturity": "low", "notes": notes} for number in range(250)]
    notion.update(TOKEN, profile(page, stakeholders=people, customer_environment=[f"Cluster {number}" for number in range(230)]), "")
    lines = notion_workspace.seen(sub_page(notion_workspace, page))
    assert [line for line in lines if line.startswith("Person ")] == [f"Person {number} | CTO | Low | {notes}" for number in range(250)]
    assert [line for line in lines if line.startswith("Cluster ")] == [f"Cluster {number}" for number in range(230)]


def test_a_list_longer_than_a_delivery_has_time_for_says_how_much_is_left_out(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    notion.update(TOKEN, profile(page, customer_environment=["Cluster"] * 502), "")
    lines = notion_workspace.seen(sub_page(notion_workspace, page))
    assert lines.count("Cluster") == 500
    assert "And 2 more, in tamdash." in lines


def test_again_and_again_ends_in_one_profile_with_the_latest_facts(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    page.children += [{"type": "paragraph", "paragraph": {"rich_text": []}} for _ in range(150)]  # pages have text of their own
    theirs = notion_workspace.add_sub_page(page, "Meeting notes")
    for number in range(3):
        notion.update(TOKEN, profile(page, customer_environment=[f"Version {number}"]), "")
    [left] = [sub for sub in notion_workspace.below(page) if sub is not theirs]
    assert left.title == "Technical Relationship Profile"
    assert "Version 2" in notion_workspace.seen(left)


@pytest.mark.parametrize(
    "typed",
    [
        "{plain}",
        "{id}",
        " {ID} ",
        "https://www.notion.so/north/Halden-AG-{plain}?pvs=4",
        "https://www.notion.so/north/0123456789abcdef0123456789abcdef?v=0123456789abcdef0123456789abcdef&p={plain}&pm=s",
        "https://app.notion.com/p/{plain}#block",
    ],
)
def test_an_admin_may_enter_a_page_as_notion_shows_it(notion_workspace: Workspace, typed: str) -> None:
    page = notion_workspace.add_page()
    entered = typed.format(plain=page.id.replace("-", ""), id=page.id, ID=page.id.upper())
    assert notion.update(TOKEN, profile(profile_page_id=entered), "")[0] == page.id


@pytest.mark.parametrize("typed", ["Halden AG", "https://www.notion.so/north", "../users/me", "http://[", "0" * 40])
def test_what_is_no_page_is_named(notion_workspace: Workspace, typed: str) -> None:
    assert refusal(profile(profile_page_id=typed), "").startswith(f"“{typed}” is not the id of a Notion page")
    assert notion_workspace.calls == []


def test_missing_and_wrong_properties_are_named_and_nothing_is_written(notion_workspace: Workspace) -> None:
    page = notion_workspace.add_page()
    notion_workspace.schema |= {"Health Status": "rich_text"}
    del notion_workspace.schema["Health Score"]
    page.properties["Health Status"] = {"rich_text": None}
    said = refusal(profile(page), "")
    assert "“Health Score” is missing and must be a number" in said
    assert "“Health Status” is of the kind rich_text and must be a select or status" in said
    assert "Last Health Scan" not in said
    assert notion_workspace.below(page) == []


def test_a_status_without_the_options_says_which_it_needs(notion_workspace: Workspace) -> None:
    notion_workspace.schema["Health Status"] = "status"
    assert "needs the options Green, Amber and Red" in refusal(profile(notion_workspace.add_page()), "")


def test_an_account_without_a_page_gets_one_in_the_data_source(notion_workspace: Workspace) -> None:
    page_id, _ = notion.update(TOKEN, profile(), SOURCE.replace("-", ""))
    [page] = notion_workspace.of_source()
    assert (page.id, page.title) == (page_id, "Halden AG")
    assert page.properties["Account ID"]["rich_text"][0]["text"]["content"] == "A-1"
    assert page.properties["Health Score"] == {"number": 25}
    sub_page(notion_workspace, page)


def test_a_page_that_names_the_account_is_taken_instead_of_a_second_one(notion_workspace: Workspace) -> None:
    notion_workspace.add_page("a-1")  # another account: Notion's filter knows no case
    page = notion_workspace.add_page("A-1")
    assert notion.update(TOKEN, profile(), SOURCE)[0] == page.id
    assert len(notion_workspace.of_source()) == 2


def test_a_data_source_without_the_account_id_says_so(notion_workspace: Workspace) -> None:
    del notion_workspace.schema["Account ID"]
    assert "“Account ID” is missing and must be a rich_text or title" in refusal(profile(), SOURCE)
    assert notion_workspace.of_source() == []


def test_a_token_is_tried_out(notion_workspace: Workspace) -> None:
    assert notion.check(TOKEN) == "Connected as tamdash of North"


def deliver(cast: Cast, **channels: str) -> tuple[Account, Notification]:
    ChannelSettings.objects.create(tenant=cast.tenant, notion_token=TOKEN, **channels)
    account = make.red_account(cast.tenant, cast.rep, name="Halden AG")
    make.scanned(cast.tenant)
    delivery.drain(cast.tenant.pk, "notion")
    account.refresh_from_db()
    return account, Notification.objects.get(tenant=cast.tenant, channel="notion")


def test_an_escalation_reaches_the_accounts_page(cast: Cast, notion_workspace: Workspace) -> None:
    account, row = deliver(cast, notion_data_source=SOURCE)
    [page] = notion_workspace.of_source()
    assert (row.status, row.error) == ("delivered", "")
    assert row.detail.startswith("The account's page in Notion, https://www.notion.so/")
    assert account.profile_page_id == page.id
    assert page.properties["Health Status"] == {"select": {"name": "Red"}}
    assert "State: Red" in notion_workspace.seen(sub_page(notion_workspace, page))


def test_an_account_without_a_page_or_a_place_for_one_is_skipped(cast: Cast, notion_workspace: Workspace) -> None:
    _, row = deliver(cast)
    assert row.status == "skipped"
    assert "has no Notion page" in row.error
    assert notion_workspace.calls == []
