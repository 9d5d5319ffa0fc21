"""The versions of a draft on its page: any two compared, one restored, a new text written from one, and the writing stopped."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account
from communications import drafts
from communications.models import Communication
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.test_draft_pages import account, page, post, rep

__all__ = ["account", "rep"]


@pytest.fixture
def row(account: Account, cast: Cast) -> Communication:
    """With three versions: “How are things?”, “Second” and “Third”."""
    made = draft(account, recipients="Petra <petra@halden.test>")
    for subject, by in (("Second", cast.rep), ("Third", cast.manager)):
        drafts.save_text(made, by, made.version, recipients=made.recipients, subject=subject, body_html=f"<p>{subject} words</p>")
    return made


@pytest.mark.parametrize(
    ("query", "old", "new"),
    [
        ({"revision": 1, "compare": 2}, "How are things", "Second"),
        ({"revision": 2, "compare": 1}, "How are things", "Second"),
        ({"revision": 2, "compare": ""}, "Second", "Third"),
        ({"revision": 3, "compare": 1}, "How are things", "Third"),
    ],
)
def test_any_two_versions_are_compared(rep: Client, row: Communication, query: dict[str, object], old: str, new: str) -> None:
    said = page(rep, row, **query)
    assert re.search(rf"<del>{old}", said)
    assert re.search(rf"<ins>{new}", said)


@pytest.mark.parametrize("query", [{"revision": 9}, {"revision": 2, "compare": 2}, {"revision": "x", "compare": "y"}, {"revision": 3}])
def test_an_address_that_names_no_two_versions_compares_nothing(rep: Client, row: Communication, query: dict[str, object]) -> None:
    assert "<del>" not in page(rep, row, **query)


def test_an_older_version_offers_every_other_one_to_compare_with(rep: Client, row: Communication) -> None:
    offered = page(rep, row, revision=1).split('name="compare"')[1].split("</select>")[0]
    assert re.findall(r'value="(\d)"', offered) == ["3", "2"]


def test_each_version_says_whose_it_is_and_who_approved_it(rep: Client, row: Communication, cast: Cast) -> None:
    drafts.approve(row, cast.manager, row.version)
    listed = page(rep, row).split('id="h-versions"')[1].split("</ol>")[0].split("<li")
    assert "Edited by Mona Manager" in listed[1]
    assert "Approved by Mona Manager" in listed[1]
    assert "Edited by you" in listed[2]
    assert "Approved" not in listed[2]


def test_a_new_text_is_written_from_the_chosen_version(rep: Client, row: Communication, settings: Settings) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "k", "http://127.0.0.1:9/v1"
    said = page(rep, row, revision=2)
    assert '<option value="2" selected>' in said
    assert "Only grounded claims" in said
    post(rep, "draft-regenerate", row, instruction="Shorter", number=2)
    now = reviewed(row)
    assert now.status == "queued"
    assert now.base == row.revisions.get(number=2)
    assert "This draft has no version 9." in post(rep, "draft-regenerate", row, number=9).content.decode()


def test_a_writing_can_be_stopped_and_the_text_from_before_is_back_in_review(rep: Client, row: Communication) -> None:
    said = post(rep, "draft-regenerate", row).content.decode()
    assert 'role="progressbar"' in said
    assert "Third words" in said
    said = post(rep, "draft-stop", reviewed(row)).content.decode()
    assert "Stopped." in said
    assert 'role="progressbar"' not in said
    assert reviewed(row).status == "ready"
    assert "Nothing was stopped: the draft is “In review”." in post(rep, "draft-stop", reviewed(row)).content.decode()


def test_a_first_writing_that_was_stopped_says_how_to_go_on(rep: Client, account: Account) -> None:
    said = post(rep, "draft-stop", draft(account, "queued")).content.decode()
    assert "Rita Rep stopped the writing." in said
    assert "Try again" in said
