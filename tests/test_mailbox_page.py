"""`/mailbox/`: one's own mailbox, chosen, tested and forgotten. A secret goes in and never comes out."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from communications.mailboxes import connecting
from communications.models import Mailbox
from tests.conftest import Cast
from tests.fake_gmail import REFRESH_TOKEN, Gmail
from tests.imap_server import PASSWORD, ImapServer
from tests.messages import Told

BACKEND = "tamdash.sign_in.Passwords"
IMAP = {
    "kind": "imap",
    "address": "",
    "host": "imap.example.com",
    "port": "993",
    "security": "tls",
    "sign_in": "password",
    "username": "rita@example.com",
    "secret": "s3cret-words",
    "folder": "",
}


@pytest.fixture
def rep(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rep, BACKEND)
    return client


def save(client: Client, **values: str) -> tuple[int, str]:
    """What the page says after it."""
    response = client.post(reverse("mailbox"), IMAP | values)
    if response.status_code == 302:
        return 302, client.get(reverse("mailbox")).content.decode()
    return response.status_code, response.content.decode()


def own(cast: Cast) -> Mailbox:
    return Mailbox.objects.get(user=cast.rep)


def test_a_mailbox_is_saved_and_its_secret_is_shown_to_nobody(rep: Client, cast: Cast) -> None:
    status, said = save(rep)
    assert (status, own(cast).secret) == (302, "s3cret-words")
    assert "Saved." in said
    assert "Test it to be sure" in said
    assert "(set)" in said
    assert "s3cret" not in said
    admin = Client()
    admin.force_login(cast.admin, BACKEND)
    for page in ("changelist", "change"):
        args = [cast.rep.pk] if page == "change" else []
        shown = admin.get(reverse(f"admin:communications_mailbox_{page}", args=args)).content.decode()
        assert "IMAP" in shown
        assert "s3cret" not in shown
        assert "imap.example.com" not in shown
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM communications_mailbox")
        assert "s3cret" not in str(cursor.fetchall())


def test_an_empty_secret_keeps_the_one_that_is_set(rep: Client, cast: Cast) -> None:
    save(rep)
    assert save(rep, secret="", folder="Entwürfe")[0] == 302
    assert (own(cast).secret, own(cast).folder) == ("s3cret-words", "Entwürfe")


@pytest.mark.parametrize(
    ("name", "value"), [("host", "imap.evil.example"), ("port", "143"), ("security", "starttls"), ("username", "other")]
)
def test_a_secret_is_not_handed_to_another_server_without_being_typed(rep: Client, cast: Cast, name: str, value: str) -> None:
    save(rep)
    status, said = save(rep, secret="", **{name: value})
    assert status == 422
    assert "Type the password again" in said
    assert own(cast).host == "imap.example.com"


def test_what_is_missing_is_said_beside_its_field_and_the_secret_does_not_come_back(rep: Client) -> None:
    status, said = save(rep, host="", username="")
    assert status == 422
    for name in ("host", "username"):
        assert f'id="id_{name}_error"' in said
    assert "s3cret" not in said
    assert "The password is empty." in save(rep, secret="")[1]


def test_no_tls_is_offered_only_where_private_networks_are_allowed(rep: Client, settings: Settings) -> None:
    assert save(rep, security="none")[0] == 422
    settings.ALLOW_PRIVATE_URLS = True
    assert save(rep, security="none")[0] == 302


def test_choosing_a_file_forgets_the_secret(rep: Client, cast: Cast) -> None:
    save(rep)
    save(rep, kind="eml", secret="")
    assert (own(cast).kind, own(cast).secret) == ("eml", "")


def test_disconnecting_forgets_the_secret_of_nobody_else(rep: Client, cast: Cast) -> None:
    save(rep)
    Mailbox.objects.create(user=cast.manager, kind="imap", secret="theirs")
    rep.post(reverse("mailbox-disconnect"))
    assert (own(cast).kind, own(cast).secret) == ("eml", "")
    assert Mailbox.objects.get(user=cast.manager).secret == "theirs"


def test_a_test_is_asked_for_and_shown_when_a_worker_has_run_it(rep: Client, cast: Cast, imap_server: ImapServer, told: Told) -> None:
    account = imap_server.account()
    with imap_server.mail_program(account) as program:
        program.create_folder("Drafts")
    save(rep, host=account.host, port=str(account.port), security="none", username=account.user, secret=PASSWORD)
    assert "Testing" in rep.post(reverse("mailbox-test"), follow=True).content.decode()
    assert told() == [("communications.tasks.test_mailbox", [cast.rep.pk])]
    waiting = rep.get(reverse("mailbox"), {"asked": "1"}, headers={"HX-Request": "true"})
    assert waiting.status_code == 204
    connecting.test(cast.rep.pk)
    shown = rep.get(reverse("mailbox"), {"asked": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "It works" in shown
    assert "Drafts are placed in “Drafts”." in shown
    assert "<!doctype" not in shown
    assert 'hx-trigger="every' not in shown


def test_a_wrong_password_is_said_and_a_change_makes_it_untested(rep: Client, cast: Cast, imap_server: ImapServer) -> None:
    account = imap_server.account()
    given = {"host": account.host, "port": str(account.port), "security": "none", "username": account.user}
    save(rep, **given, secret="wrong")
    rep.post(reverse("mailbox-test"))
    connecting.test(cast.rep.pk)
    said = rep.get(reverse("mailbox")).content.decode()
    assert "It does not work" in said
    assert "refuses the user name or password" in said
    assert "Not tested yet." in save(rep, **given, secret=PASSWORD)[1]


def test_a_lost_test_is_found_by_the_sweep_and_given_up_when_nobody_runs_it(rep: Client, cast: Cast, told: Told) -> None:
    save(rep)
    asked = timezone.now() - connecting.LOST_AFTER * 2
    Mailbox.objects.update(test_asked_at=asked)
    connecting.sweep(timezone.now())
    assert told() == [("communications.tasks.test_mailbox", [cast.rep.pk])]
    connecting.sweep(asked + connecting.GIVEN_UP_AFTER * 2)
    assert "No worker was there to test it." in rep.get(reverse("mailbox")).content.decode()


def test_gmail_is_off_with_a_word_where_it_is_not_set_up(rep: Client) -> None:
    assert "TAMDASH_GOOGLE_CLIENT_ID" in rep.get(reverse("mailbox")).content.decode()
    assert rep.get(reverse("mailbox-connect")).headers["Location"] == reverse("mailbox")


def asked_google(client: Client) -> str:
    """The state that Google is to bring back."""
    address = urlsplit(client.get(reverse("mailbox-connect")).headers["Location"])
    query = parse_qs(address.query)
    assert address.netloc == "accounts.google.com"
    assert query["redirect_uri"] == ["https://tamdash.example/mailbox/gmail/"]
    return query["state"][0]


def test_gmail_is_connected_by_a_worker(rep: Client, cast: Cast, fake_gmail: Gmail, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    state = asked_google(rep)
    said = rep.get(reverse("mailbox-gmail"), {"state": state, "code": "good-code"}, follow=True).content.decode()
    assert fake_gmail.calls == [], "the page asked nobody"
    assert "Connecting Gmail" in said
    connecting.test(cast.rep.pk)
    connecting.test(cast.rep.pk)
    assert (own(cast).kind, own(cast).secret, own(cast).address) == ("gmail", REFRESH_TOKEN, fake_gmail.address)
    said = rep.get(reverse("mailbox")).content.decode()
    assert f"Connected to {fake_gmail.address}." in said
    assert REFRESH_TOKEN not in said


def test_googles_answer_counts_once_and_for_who_asked(rep: Client, cast: Cast, fake_gmail: Gmail, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    state = asked_google(rep)
    other = Client()
    other.force_login(cast.other_rep, BACKEND)
    asked_google(other)
    for client, given in ((other, state), (rep, "made-up"), (rep, state)):
        said = client.get(reverse("mailbox-gmail"), {"state": given, "code": "good-code"}, follow=True).content.decode()
        assert "Gmail was not connected: Google" in said
    assert not Mailbox.objects.exists()


def test_who_does_not_allow_it_keeps_the_mailbox_they_have(rep: Client, cast: Cast, fake_gmail: Gmail, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    save(rep)
    said = rep.get(reverse("mailbox-gmail"), {"state": asked_google(rep), "error": "access_denied"}, follow=True).content.decode()
    assert "you did not allow it" in said
    assert own(cast).kind == "imap"


def test_a_code_that_google_refuses_leaves_nothing_behind(rep: Client, cast: Cast, fake_gmail: Gmail, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    rep.get(reverse("mailbox-gmail"), {"state": asked_google(rep), "code": "bad-code"})
    connecting.test(cast.rep.pk)
    assert (own(cast).secret, own(cast).test_ok) == ("", False)
    assert "Connect Gmail again." in rep.get(reverse("mailbox")).content.decode()
