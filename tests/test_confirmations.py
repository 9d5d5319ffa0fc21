"""What somebody vouched for holds for that claim alone, and no text is approved that nobody saw."""

import pytest

from accounts.models import Account
from communications import drafts, review
from communications.drafts import DraftError
from communications.models import Communication
from tests import drafting, make
from tests.conftest import Cast
from tests.drafting import reviewed


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def saved(draft: Communication, cast: Cast, body: str, by: str = "rep") -> Communication:
    row = reviewed(draft)
    drafts.save_text(row, getattr(cast, by), row.version, recipients="a@b.example", subject="Hello", body_html=body)
    return reviewed(draft)


def vouch_for_all(draft: Communication, cast: Cast) -> Communication:
    while flags := review.of(row := reviewed(draft)).open:
        drafts.confirm(row, cast.rep, row.version, key=flags[0].claim.key, name="Rita Rep")
    return reviewed(draft)


def test_a_link_that_leads_elsewhere_is_not_the_link_that_was_vouched_for(account: Account, cast: Cast) -> None:
    draft = drafting.claiming(account)
    saved(draft, cast, '<p>Look <a href="https://good.example/doc">here</a>.</p>')
    vouch_for_all(draft, cast)
    row = saved(draft, cast, '<p>Look <a href="https://evil.example/doc">here</a>.</p>', by="manager")
    assert row.open_flags == 1
    with pytest.raises(DraftError, match="no source"):
        drafts.approve(row, cast.manager, row.version)


@pytest.mark.parametrize(
    "body",
    [
        '<p>Details are <a href="https://evil.example/x"><br>here</a>.</p>',
        '<p>Details are here<a href="https://evil.example/x">\u200b</a>.</p>',
        "<p>Your money \u202eyadot\u202c comes back.</p>",
        "<p>All is<br>resolved.</p>",
    ],
)
def test_what_hides_from_a_reader_does_not_hide_from_the_check(account: Account, cast: Cast, body: str) -> None:
    row = saved(drafting.claiming(account), cast, body)
    assert row.open_flags or body not in row.body_html


def test_a_text_that_was_saved_meanwhile_is_not_approved_unseen(account: Account, cast: Cast) -> None:
    draft = drafting.claiming(account)
    stale = saved(draft, cast, "<p>Thank you for your patience.</p>")
    newer = saved(draft, cast, "<p>You lost 4711 orders.</p>")
    with pytest.raises(DraftError):
        drafts.approve(stale, cast.rep, newer.version)
    assert reviewed(draft).status == "ready"


def test_an_editors_paragraphs_in_cells_leave_a_row_a_row(account: Account) -> None:
    from communications.grounding import ground

    given = drafting.context(
        tickets=[drafting.ticket("T-12", "P1", 5.2, "Payouts fail"), drafting.ticket("T-13", "P2", 1.0, "Slow search")]
    )
    row = "<table><tbody><tr><td><p>T-12</p></td><td><p>{}</p></td><td><p>open</p></td><td><p>5 days</p></td></tr></tbody></table>"
    assert not ground("", row.format("P1"), given).flagged
    assert [claim.quote for claim in ground("", row.format("P2"), given).flagged] == ["P2"]
