"""What tickets suggest of a stakeholder's maturity: known answers, and never more than a suggestion."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import maturity
from accounts.maturity import Asked, Suggestion, suggest
from accounts.models import Account, Stakeholder
from accounts.pages.profile_parts import offer_maturity
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

PLAIN = "The invoice of October is missing"
TECHNICAL = ["Export fails: API gives 502", "Stack trace after upload", "Webhook returns HTTP 429", "502 Bad Gateway on save"]


@pytest.mark.parametrize(
    ("technical", "plain", "expected"),
    [
        (4, 0, None),
        (3, 2, Suggestion("high", "3 of 5 tickets name an API, a status code or a log.")),
        (2, 6, Suggestion("medium", "2 of 8 tickets name an API, a log or a status code.")),
        (1, 5, Suggestion("low", "1 of 6 tickets names an API or a status code.")),
        (0, 5, Suggestion("low", "None of 5 tickets names an API, a log or a status code.")),
    ],
)
def test_the_share_of_technical_subjects_decides(technical: int, plain: int, expected: Suggestion | None) -> None:
    assert suggest(TECHNICAL[:technical] + [PLAIN] * plain) == expected


@pytest.mark.parametrize(
    ("subject", "kinds"),
    [
        ("SAML login fails", ["an API"]),
        ("I cannot log in", []),
        ("Server log attached", ["a log"]),
        ("Order 412 was not shipped to 500 customers", []),
        ("Error 503 while saving", ["a status code"]),
        ("TLS certificate expired", ["the network"]),
        ("Slow query in the reporting database", ["a database"]),
        ("Broken since we deployed v4.18.2", ["a deployment"]),
        ("Meeting on 21.11.2026", []),
        ("<script>alert('api')</script>", ["an API"]),
    ],
)
def test_what_counts_as_technical(subject: str, kinds: list[str]) -> None:
    assert maturity.kinds_in(subject) == kinds


def person(pk: int, mail: str = "", set_to: str = "medium") -> Stakeholder:
    return Stakeholder(pk=pk, name=f"P{pk}", role="CTO", email=mail, technical_maturity=set_to)


def test_where_tickets_tell_who_asked_each_persons_own_count() -> None:
    tickets = [Asked(subject, "petra@x.example") for subject in TECHNICAL * 2] + [Asked(PLAIN, "nora@x.example")] * 5
    found = maturity.suggestions([person(1, "Petra@X.example"), person(2, "nora@x.example"), person(3)], tickets)
    assert {pk: one.maturity for pk, one in found.items()} == {1: "high", 2: "low"}
    assert found[1].reason.startswith("8 of 8 tickets they asked for name")


def test_where_none_tells_all_of_the_account_count() -> None:
    found = maturity.suggestions([person(1), person(2, set_to="low")], [Asked(PLAIN)] * 10)
    assert found == {1: Suggestion("low", "None of 10 tickets of the account names an API, a log or a status code.")}


def test_a_few_tickets_of_an_account_say_nothing_of_any_one_person() -> None:
    assert maturity.suggestions([person(1)], [Asked(PLAIN)] * 9) == {}


def stakeholder_with_tickets(cast: Cast) -> Stakeholder:
    account = make.account(cast.tenant, cast.rep)
    row: Stakeholder = Stakeholder.objects.create(
        account=account, name="Petra", role="CIO", email="petra@x.example", technical_maturity="low"
    )
    for subject in [*TECHNICAL, PLAIN]:
        make.ticket(account, subject=subject, status="closed", account_keys=["organization:x", "requester:petra@x.example"])
    make.ticket(account, days=500, subject=PLAIN, account_keys=["requester:petra@x.example"])
    return row


def test_a_suggestion_stands_beside_the_maturity_until_the_rep_takes_it(cast: Cast) -> None:
    row, client = stakeholder_with_tickets(cast), signed_in(cast.rep)
    page = client.get(f"/accounts/{row.account_id}/").content.decode()
    assert "Tickets suggest high maturity: 4 of 5 tickets they asked for name" in page
    assert "Low maturity" in page
    form = client.get(f"/accounts/{row.account_id}/profile/stakeholders/{row.pk}/").content.decode()
    assert "Tickets suggest high: 4 of 5" in form
    row.refresh_from_db()
    assert row.technical_maturity == "low"
    Stakeholder.objects.update(notes="Edited by somebody else meanwhile")
    taken = client.post(f"/accounts/{row.account_id}/profile/stakeholders/{row.pk}/maturity/", {"technical_maturity": "high"}, follow=True)
    assert "Petra&#x27;s maturity is high now." in taken.content.decode()
    assert "Tickets suggest" not in taken.content.decode()
    row.refresh_from_db()
    assert (row.technical_maturity, row.notes) == ("high", "Edited by somebody else meanwhile")


def test_who_may_not_change_is_offered_nothing_and_nonsense_is_refused(cast: Cast) -> None:
    row = stakeholder_with_tickets(cast)
    assert "Tickets suggest" not in signed_in(cast.other_rep).get(f"/accounts/{row.account_id}/").content.decode()
    address = f"/accounts/{row.account_id}/profile/stakeholders/{row.pk}/maturity/"
    assert signed_in(cast.rep).post(address, {"technical_maturity": "genius"}).status_code == 422
    row.refresh_from_db()
    assert row.technical_maturity == "low"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subjects=st.lists(st.sampled_from([*TECHNICAL, PLAIN]) | st.text(max_size=30), max_size=14), stored=st.sampled_from(["low", "high"]))
def test_no_history_of_tickets_changes_what_is_stored(db: Any, subjects: list[str], stored: str) -> None:
    account = kept_account()
    row = Stakeholder.objects.create(account=account, name=f"P{next(make.numbers)}", role="CTO", technical_maturity=stored)
    first = maturity.suggestions([row], [Asked(subject) for subject in subjects])
    assert first == maturity.suggestions([row], [Asked(subject) for subject in subjects])
    offer_maturity(account, [row], timezone.now())
    row.refresh_from_db()
    assert row.technical_maturity == stored
    assert all(one.maturity != stored for one in first.values())
    assert bool(first) <= (len(subjects) >= maturity.FEWEST_OF_ACCOUNT)


def kept_account() -> Account:
    return Account.objects.filter(tenant__slug="suggested").first() or make.account(make.tenant("suggested"))
