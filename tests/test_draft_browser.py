"""The draft page in a real browser: where the cursor is, what it looks like to axe, and that nothing jumps."""

import pytest
from playwright.sync_api import Route, expect

from accounts.models import Account, User
from communications import drafts
from communications.models import Communication
from tests import make
from tests.browser import Site
from tests.drafting import claiming, reviewed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHIFTS = """new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; })).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 500);
})"""
EDITOR = "[contenteditable=true][aria-label=Message]"


@pytest.fixture
def rep(transactional_db: None) -> User:
    return make.user(make.tenant("north"), "rep", name="Rita Rep")


@pytest.fixture
def account(rep: User) -> Account:
    return make.account(rep.tenant, rep, name="Halden Freight")


def opened(site: Site, rep: User, row: Communication, query: str = "") -> None:
    site.sign_in(rep)
    site.open(f"{row.get_absolute_url()}{query}")


@pytest.mark.parametrize("width", [1440, 800, 390])
def test_the_text_stays_where_it_is_when_the_editor_comes(site: Site, rep: User, account: Account, width: int) -> None:
    site.page.set_viewport_size({"width": width, "height": 900})
    opened(site, rep, make.draft(account, body_html="<p>Hello Petra, all is well.</p>" * 30), "?mode=write")
    expect(site.page.locator(EDITOR)).to_be_visible()
    assert site.page.evaluate(SHIFTS) < 0.01


def test_a_refused_text_opens_at_its_first_fault_and_its_summary_leads_to_each(site: Site, rep: User, account: Account) -> None:
    opened(site, rep, make.draft(account), "?mode=write")
    page = site.page
    page.get_by_label("To", exact=True).fill("nobody")
    page.locator(EDITOR).fill("")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("2 fields need a change.")).to_be_visible()
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    expect(page.get_by_text("not saved yet", exact=True)).to_be_visible()
    expect(page.locator(EDITOR)).to_be_visible()
    page.get_by_role("link", name="The message is empty.").click()
    expect(page.locator(EDITOR)).to_be_focused()
    page.get_by_role("link", name="“nobody” is not a mail address.").click()
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    page.get_by_label("To", exact=True).fill("")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("1 field needs a change.")).to_be_visible()
    expect(page.locator(EDITOR)).to_be_focused()


def test_rejecting_and_noting_an_outcome_start_in_their_field(site: Site, rep: User, account: Account) -> None:
    row = make.draft(account)
    opened(site, rep, row)
    page = site.page
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_label("Reason").fill("   ")
    page.get_by_role("button", name="Reject draft").click()
    expect(page.get_by_text("The reason is empty.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    site.problems.clear()  # the browser notes the answer 422
    site.assert_accessible()
    page.get_by_label("Reason").fill("Wrong tone")
    page.get_by_role("button", name="Reject draft").click()
    expect(page.get_by_role("button", name="Generate a new one")).to_be_visible()

    sent = make.approved(make.draft(account), rep)
    drafts.mark_delivered(sent, rep, sent.version)
    site.open(sent.get_absolute_url())
    page.get_by_role("button", name="Mark as sent").first.click()
    expect(page.get_by_label("What came of it")).to_be_focused()


def test_approving_without_a_recipient_asks_first(site: Site, rep: User, account: Account) -> None:
    opened(site, rep, make.draft(account, recipients=""))
    page = site.page
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("To is empty.")).to_be_visible()
    site.assert_accessible()
    page.get_by_role("button", name="Approve without a recipient").click()
    expect(page.get_by_role("button", name="Download as mail draft")).to_be_visible()


def test_a_draft_that_is_there_already_is_shown_and_another_is_one_press_away(site: Site, rep: User, account: Account) -> None:
    row = make.draft(account)
    site.sign_in(rep)
    site.open(f"/accounts/{account.pk}/")
    site.page.get_by_role("button", name="Generate").click()
    site.page.get_by_role("button", name="Health check-in").click()
    expect(site.page.get_by_text("Already in review.")).to_be_visible()
    assert f"/drafts/{row.pk}/" in site.page.url
    site.assert_accessible()
    site.page.get_by_role("button", name="Write another").click()
    expect(site.page.get_by_text("Waiting for a writer")).to_be_visible()
    assert Communication.objects.count() == 2


def test_two_texts_of_one_draft_are_compared_accessibly(site: Site, rep: User, account: Account) -> None:
    row = make.draft(account)
    opened(site, rep, row, "?mode=write")
    expect(site.page.locator(EDITOR)).to_be_visible()
    drafts.save_text(row, rep, row.version, recipients="", subject="Theirs", body_html="<p>Their words</p>")
    site.page.get_by_label("Subject").fill("Mine")
    site.page.get_by_role("button", name="Save").first.click()
    expect(site.page.locator("article.changes del").first).to_be_visible()
    site.problems.clear()  # the browser notes the answer 409
    site.assert_accessible()
    site.assert_fits()


def test_the_workbench_works_by_keyboard_alone(site: Site, rep: User, account: Account) -> None:
    row = claiming(account)
    opened(site, rep, row)
    page = site.page
    site.assert_accessible()
    # from the claim to its evidence, and back
    page.get_by_role("link", name="No source for claim 3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#e3:target")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Show claim 3 in the text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#c3:target")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="No source for claim 3")).to_be_focused()
    # approving is refused with its reason, then the claim is confirmed
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not approved: claim 3 has no source.")).to_be_visible()
    page.locator("#e3 summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("T-77")
    page.keyboard.press("Tab")
    page.keyboard.type("Petra told me")
    page.keyboard.press("Tab")
    page.keyboard.type("Rita Rep")
    site.assert_accessible()
    page.keyboard.press("Enter")
    expect(page.locator("#e3").get_by_text("vouches for it: T-77, Payouts fail; Petra told me")).to_be_visible()
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Download as mail draft")).to_be_visible()
    assert reviewed(row).status == "approved"


def test_changing_a_claim_selects_its_words_in_the_editor(site: Site, rep: User, account: Account) -> None:
    body = "<p>Once T-77.</p><ul><li><b>T-</b>99 first</li></ul><p>Then  T-99 again, and   T-99.</p>"
    row = claiming(account, body, subject="About T-98")
    opened(site, rep, row)
    page = site.page
    page.get_by_role("link", name="Change it claim 5").click()
    expect(page.locator(EDITOR)).to_be_focused()
    page.keyboard.type("T-77")
    expect(page.locator(EDITOR)).to_contain_text("T-99 first")
    expect(page.locator(EDITOR)).to_contain_text("T-99 again, and T-77.")
    page.get_by_role("link", name="Show claim 1 in the text").click()
    page.keyboard.type("T-77")
    expect(page.get_by_label("Subject")).to_have_value("About T-77")
    site.assert_accessible()


def test_review_and_compare_fit_a_phone_and_are_accessible_in_the_dark(site: Site, rep: User, account: Account) -> None:
    site.page.emulate_media(color_scheme="dark")
    site.page.set_viewport_size({"width": 390, "height": 844})
    row = claiming(account)
    opened(site, rep, row)
    site.page.get_by_text("Confirm myself").click()
    site.assert_fits()
    site.assert_accessible()
    drafts.save_text(row, rep, row.version, recipients="", subject="Second", body_html="<p>Second words</p>")
    site.open(f"{row.get_absolute_url()}?revision=1&compare=2")
    site.assert_fits()
    site.assert_accessible()


def test_a_writing_under_way_counts_its_seconds_and_is_stopped_in_place(site: Site, rep: User, account: Account) -> None:
    row = make.draft(account)
    drafts.regenerate(row, rep, row.version)
    opened(site, rep, row)
    expect(site.page.get_by_text("s, longer than the usual 2 s")).to_be_visible()
    expect(site.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "95")
    site.assert_accessible()
    site.page.get_by_role("button", name="Stop").click()
    expect(site.page.get_by_text("Stopped.")).to_be_visible()
    expect(site.page.get_by_role("button", name="Approve")).to_be_visible()


def test_a_button_pressed_again_while_its_answer_is_on_the_way_does_nothing_more(site: Site, rep: User, account: Account) -> None:
    row = make.draft(account)
    opened(site, rep, row)
    page, sent = site.page, list[Route]()
    page.route("**/approve/", lambda route: sent.append(route))
    page.get_by_role("button", name="Approve").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
    assert len(sent) == 1
    sent[0].continue_()
    expect(page.get_by_role("button", name="Download as mail draft")).to_be_visible()
    assert row.events.filter(status="approved").count() == 1
