import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from communications.models import Communication, Release
from tests import make
from tests.conftest import Cast
from tests.drafting import draft


@pytest.fixture
def rep(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rep, "tamdash.sign_in.Passwords")
    return client


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def test_a_rep_sees_their_own_drafts_first_and_all_on_request(rep: Client, account: Account, cast: Cast) -> None:
    draft(account, subject="Mine")
    draft(make.account(cast.tenant, cast.other_rep), subject="Theirs")
    draft(make.account(cast.stranger.tenant), subject="Foreign")
    own, everybody = (rep.get(reverse("drafts"), query).content.decode() for query in ({}, {"owner": "all"}))
    assert "Mine" in own
    assert "Theirs" not in own
    assert "Theirs" in everybody
    assert "Foreign" not in everybody


def test_the_list_is_filtered_by_state_and_type(rep: Client, account: Account) -> None:
    draft(account, subject="Waiting")
    draft(account, "sent", subject="Gone out", communication_type="release_notes")
    said = rep.get(reverse("drafts"), {"status": "sent"}).content.decode()
    assert "Gone out" in said
    assert "Waiting" not in said
    said = rep.get(reverse("drafts"), {"status": "all", "type": "health_checkin"}).content.decode()
    assert "Waiting" in said
    assert "Gone out" not in said


def test_nonsense_in_the_address_is_the_plain_list(rep: Client, account: Account) -> None:
    draft(account, subject="Waiting")
    said = rep.get(reverse("drafts"), {"status": "x", "type": "y", "owner": "z", "page": "-1"})
    assert "Waiting" in said.content.decode()


@pytest.mark.parametrize("status", ["review", "approved", "delivered", "sent", "rejected", "all"])
def test_an_empty_list_says_what_to_do(rep: Client, status: str) -> None:
    said = rep.get(reverse("drafts"), {"status": status}).content.decode()
    assert 'class="empty"' in said
    assert "Show all owners" in said


def test_the_list_takes_the_same_queries_for_one_row_and_for_thirty(
    rep: Client, cast: Cast, account: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    draft(account)
    with CaptureQueriesContext(connection) as one:
        rep.get(reverse("drafts"))
    for _ in range(29):
        draft(make.account(cast.tenant, cast.rep))
    with django_assert_num_queries(len(one)):
        said = rep.get(reverse("drafts")).content.decode()
    assert said.count("In review") >= 30


def test_generating_leads_to_the_draft_and_a_second_press_to_the_same(rep: Client, account: Account) -> None:
    url = reverse("generate", args=[account.pk])
    places = {rep.post(url, {"communication_type": "health_checkin", "instruction": "shorter"}).headers["Location"] for _ in range(2)}
    row = Communication.objects.get()
    assert places == {row.get_absolute_url()}
    assert row.instruction == "shorter"


def test_generating_what_is_in_review_shows_that_one_and_another_only_on_request(rep: Client, account: Account) -> None:
    row = draft(account)
    draft(make.account(account.tenant, account.owner))
    url, asked = reverse("generate", args=[account.pk]), {"communication_type": "health_checkin"}
    response = rep.post(url, asked, follow=True)
    assert response.context["draft"] == row
    assert "Already in review." in response.content.decode()
    assert Communication.objects.filter(account=account).count() == 1
    fields = dict(re.findall(r'name="(another|communication_type)" (?:type="hidden" )?value="([^"]*)"', response.content.decode()))
    assert fields == asked | {"another": "1"}
    assert rep.post(url, fields).headers["Location"] != row.get_absolute_url()
    assert Communication.objects.filter(account=account).count() == 2


def test_generating_from_nothing_is_refused_with_what_to_do(rep: Client, account: Account, cast: Cast) -> None:
    Release.objects.create(tenant=cast.stranger.tenant, version="1", released_on="2026-01-01", is_published=True)
    url = reverse("generate", args=[account.pk])
    for kind, words in (
        ("release_notes", "No release is published"),
        ("roadmap_preview", "The roadmap is empty"),
        ("poem", "“poem” is no type of draft."),
    ):
        response = rep.post(url, {"communication_type": kind}, follow=True)
        assert words in response.content.decode()
    assert not Communication.objects.exists()
