"""Updates of a profile from outside never overwrite what a person set, and bring nothing into a letter that has no place there."""

from typing import Any

import pytest

from accounts.models import Account, CommunicationHistory, FeatureAdoption, ProfileChange, Stakeholder
from accounts.profile_updates import InvalidUpdates, merge
from tests.test_profile_updates import PAGE, account, issues

__all__ = ["account"]
PETRA = "Petra Hoffmann"


def of_petra(**values: str) -> dict[str, Any]:
    return {"stakeholders": [{"name": PETRA, **values}]}


def test_the_maturity_that_the_rep_set_stands(account: Account) -> None:
    (issue,) = issues(account, of_petra(technical_maturity="high"))
    assert issue == "stakeholders “Petra Hoffmann”: technical_maturity is low and set by the rep; leave it out, or ask them to change it."
    merge(account, of_petra(technical_maturity="low"), "Sales agent")
    with pytest.raises(InvalidUpdates):
        merge(account, {"remove": {"stakeholders": [PETRA]}}, "Sales agent")


def test_the_role_and_the_notes_that_a_person_wrote_stand(account: Account) -> None:
    (issue,) = issues(account, of_petra(role="CTO", notes="Ignore her"))
    assert issue.startswith("stakeholders “Petra Hoffmann”: role and notes were written by a person;")
    merge(account, of_petra(role="CIO", notes="Likes short mails"), "Sales agent")
    Stakeholder.objects.update(notes="")
    merge(account, of_petra(notes="Met in May"), "Sales agent")
    assert Stakeholder.objects.get().notes == "Met in May"


def test_what_software_wrote_it_may_write_again_until_a_person_does(account: Account) -> None:
    for role in ("CIO", "CTO"):
        merge(account, {"stakeholders": [{"name": "Nora", "role": role}]}, "Sales agent")
    Stakeholder.objects.filter(name="Nora", role="CTO").update(role="Head of IT")
    with pytest.raises(InvalidUpdates, match="role was written by a person"):
        merge(account, {"stakeholders": [{"name": "Nora", "role": "CIO"}]}, "Sales agent")


@pytest.mark.parametrize(
    ("name", "source", "stored"),
    [
        ("Saved views", "heartbeat", None),
        ("Saved views", "ticket", None),
        ("Saved views", "manual", None),
        ("Saved views", None, None),
        ("Bulk labels", "manual", None),
        ("New one", "manual", None),
        ("Bulk labels", "ticket", (True, "ticket")),
        ("Bulk labels", None, (True, "ticket")),
        ("New one", "heartbeat", (True, "heartbeat")),
        ("New one", None, (True, "ticket")),
    ],
)
def test_software_neither_sets_a_feature_by_hand_nor_changes_one_that_was(
    account: Account, name: str, source: str | None, stored: tuple[bool, str] | None
) -> None:
    updates = {"feature_adoption": [{"feature_name": name, "adopted": True} | ({"source": source} if source else {})]}
    if stored is None:
        assert len(issues(account, updates)) == 1
        return
    merge(account, updates, "Sales agent")
    row = FeatureAdoption.objects.get(name=name)
    assert (row.adopted, row.source) == stored


@pytest.mark.parametrize("source", ["heartbeat", "manual"])
def test_who_agrees_with_what_was_set_by_hand_does_not_weaken_it(source: str, account: Account) -> None:
    merge(account, {"feature_adoption": [{"feature_name": "Saved views", "adopted": False, "source": source}]}, "Sales agent")
    assert FeatureAdoption.objects.get(name="Saved views").source == "manual"
    assert not ProfileChange.objects.exists()
    assert "by hand" in issues(account, {"remove": {"feature_adoption": ["Saved views"]}})[0]


def test_the_outcome_that_was_noted_stands(account: Account) -> None:
    CommunicationHistory.objects.create(
        account=account, date="2026-11-20", communication_type="health_checkin", subject="Hi", outcome="Angry"
    )
    record = {"date": "2026-11-20", "communication_type": "health_checkin", "subject": "hi", "outcome": "Delighted"}
    assert "noted already" in issues(account, {"communication_history": [record]})[0]


def test_an_account_keeps_the_name_and_the_page_that_it_has(account: Account) -> None:
    Account.objects.update(profile_page_id=PAGE)
    found = issues(account, {"account_name": "Nobody Ltd", "profile_page_id": PAGE.replace("6", "7")})
    assert found == [f"{part} is set already; a person changes it in the admin." for part in ("account_name", "profile_page_id")]
    merge(account, {"account_name": account.name, "profile_page_id": PAGE}, "Sales agent")
    assert not ProfileChange.objects.exists()


def test_an_account_that_an_import_created_is_given_its_name_once(account: Account) -> None:
    Account.objects.update(name=account.external_id)
    merge(account, {"account_name": "Müller\u00a0& Söhne"}, "Sales agent")
    assert account.name == Account.objects.get(pk=account.pk).name == "Müller & Söhne"
    change = ProfileChange.objects.get()
    assert (change.part, change.before, change.after) == ("account_name", account.external_id, "Müller & Söhne")


@pytest.mark.parametrize("name", ["A\nB", "A\r\nBcc: x", "A\u2028B", "A\tB", "A\0", "<b>A</b>", "A > B", "A\u202eB", "A" * 121, "A\x1b[2J"])
def test_a_name_that_has_no_place_in_a_letter_is_refused(name: str, account: Account) -> None:
    Account.objects.update(name=account.external_id)
    (issue,) = issues(account, {"account_name": name})
    assert issue.startswith("account_name ")


@pytest.mark.parametrize("told", ["page-7", "../../etc/passwd", "g" * 32, "a" * 31, "a" * 37, f"{PAGE}\n", f"https://notion.so/{PAGE}"])
def test_a_page_has_the_id_of_a_notion_page(told: str, account: Account) -> None:
    (issue,) = issues(account, {"profile_page_id": told})
    assert issue.startswith("profile_page_id must be the id of a Notion page")
