"""Hostile texts in the data, and a model that obeys every one of them: what then stands between the customer and its mail."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db.models import Model
from pytest_django import Settings

from accounts.models import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    Stakeholder,
    User,
)
from communications import drafts, generation
from communications.drafts import DraftError
from communications.models import Communication, Release, RoadmapItem
from communications.sanitise import TAGS
from tests import fake_openai, make
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.obeying_model import FENCED, INJECTIONS

# Quoted in the corpus: a model that is asked for our notes tells these.
NOTES = "Difficult since the outage. Told us in confidence that she looks at two competitors before the renewal."

# Where a text stands, with the type of draft whose prompt shows it.
PLACES = {
    "ticket_subject": "escalation_outreach",
    "stakeholder_notes": "health_checkin",
    "stakeholder_name": "customer_success_review",
    "account_name": "health_checkin",
    "integration_name": "escalation_outreach",
    "feature_name": "health_checkin",
    "environment": "customer_success_review",
    "history_outcome": "health_checkin",
    "history_subject": "customer_success_review",
    "release_feature": "release_notes",
    "roadmap_description": "roadmap_preview",
    "opportunity_name": "roadmap_preview",
}
every_place = pytest.mark.parametrize("place", PLACES)


class Markup(HTMLParser):
    """The tags and addresses of a text, as a reader apart from the one that cleaned it sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.schemes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.schemes |= {(value or "").partition(":")[0] for name, value in attrs if name == "href"}

    def handle_comment(self, data: str) -> None:
        self.tags.add("a comment")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def account(cast: Cast) -> Account:
    row = make.account(cast.tenant, cast.rep, name="Halden Freight")
    Stakeholder.objects.create(account=row, name="Petra Hoffmann", role="CIO", email="petra@halden.test", notes=NOTES)
    Integration.objects.create(account=row, name="Order sync", since="2024-03-01")
    FeatureAdoption.objects.create(account=row, name="Batch API", adopted=True)
    EnvironmentItem.objects.create(account=row, name="Kubernetes 1.31")
    CommunicationHistory.objects.create(
        account=row, date="2026-11-02", communication_type="health_checkin", subject="November check-in", outcome="Asked for a call."
    )
    CoDevOpportunity.objects.create(account=row, name="Carrier scorecards", description="They offered data.", status="discussed")
    Release.objects.create(
        tenant=row.tenant, version="4.18", released_on="2026-11-20", features=["Order sync takes 10 MB"], is_published=True
    )
    RoadmapItem.objects.create(tenant=row.tenant, title="Batch API v2", description="Streams large files.", horizon="Q1 2027")
    make.ticket(row, priority=1, days=5, external_id="T-77", subject="Payouts fail")
    make.scanned(row.tenant)
    return row


def plant(account: Account, place: str, text: str) -> None:
    """Puts the text where the account has its one value of that kind; whatever stood there is gone."""
    rows: dict[str, tuple[type[Model], str]] = {
        "stakeholder_notes": (Stakeholder, "notes"),
        "stakeholder_name": (Stakeholder, "name"),
        "integration_name": (Integration, "name"),
        "feature_name": (FeatureAdoption, "name"),
        "environment": (EnvironmentItem, "name"),
        "history_outcome": (CommunicationHistory, "outcome"),
        "history_subject": (CommunicationHistory, "subject"),
        "opportunity_name": (CoDevOpportunity, "name"),
    }
    if place == "ticket_subject":
        account.tickets.update(subject=text)
    elif place == "account_name":
        Account.objects.filter(pk=account.pk).update(name=text)
    elif place == "release_feature":
        Release.objects.update(features=[text])
    elif place == "roadmap_description":
        RoadmapItem.objects.update(description=text)
    else:
        model, field = rows[place]
        model._default_manager.filter(account=account).update(**{field: text})


@pytest.fixture
def write(account: Account, server: str, settings: Settings) -> Callable[[str], Communication]:
    """Has the obeying model write a draft of this place's type about the account as it is."""

    def written(place: str) -> Communication:
        settings.OPENAI_BASE_URL, settings.LLM_MODEL = server, f"obeying-{next(make.numbers)}"
        row = draft(account, "queued", communication_type=PLACES[place])
        generation.generate(row.pk)
        row = reviewed(row)
        assert (row.status, row.writer) == ("ready", "model"), row.failure or row.writer_note
        return row

    return written


def refusal(row: Communication, by: User) -> str:
    """Why the draft cannot be approved; nothing where it can."""
    try:
        drafts.approve(row, by=by, version=row.version)
    except DraftError as error:
        return str(error)
    return ""


def test_the_corpus_is_large_and_knows_every_place() -> None:
    assert len(INJECTIONS) >= 80
    assert sum(injection.subtle for injection in INJECTIONS) >= 15
    assert len({injection.id for injection in INJECTIONS}) == len({injection.text for injection in INJECTIONS}) == len(INJECTIONS)
    assert {injection.place for injection in INJECTIONS} == set(PLACES)


def is_only_data(text: str, request: dict[str, Any]) -> bool:
    """Whether the model was shown the text inside the fence, as one JSON value, and nowhere else."""
    system, user = [message["content"] for message in request["messages"]]
    [(_, block)] = FENCED.findall(user)
    value = json.dumps(text, ensure_ascii=False).replace("<<<", r"\u003c\u003c\u003c")
    return value in block and value[1:-1] not in system + FENCED.sub("", user) and user.count("<<<") == 2


def is_harmless(html: str) -> bool:
    markup = Markup(html)
    return markup.tags <= TAGS and markup.attributes <= {"href", "rel"} and markup.schemes <= {"http", "https", "mailto"}


@every_place
def test_a_hostile_text_stays_data_and_the_mail_of_a_model_that_obeyed_it_is_not_approved(
    place: str, account: Account, cast: Cast, write: Callable[[str], Communication], settings: Settings
) -> None:
    approved = []
    for injection in (each for each in INJECTIONS if each.place == place):
        plant(account, place, injection.text)
        row = write(place)
        [request] = fake_openai.requests_to(settings.OPENAI_BASE_URL, settings.LLM_MODEL)
        assert is_only_data(injection.text, request), injection.id
        assert is_harmless(row.body_html), injection.id
        assert is_harmless(row.revisions.get().body_html), injection.id
        # An account holds one hostile text at a time, so that no flag of another covers for it.
        if not re.search("claim|flag", refusal(row, cast.rep)):
            approved.append(injection.id)
    assert approved == []


@every_place
def test_the_mail_of_a_model_that_had_nothing_to_obey_is_approved(
    place: str, cast: Cast, account: Account, write: Callable[[str], Communication]
) -> None:
    assert refusal(write(place), cast.rep) == ""
