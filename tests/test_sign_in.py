"""Signing in, being locked out, and signing out."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tamdash.sign_in import DEMO_PASSWORD
from tests import make
from tests.conftest import Cast


def attempt(email: str, password: str = make.PASSWORD) -> int:
    return int(Client().post("/sign-in/", {"username": email, "password": password}).status_code)


def test_the_address_may_be_typed_in_any_case(cast: Cast) -> None:
    assert attempt(cast.rep.email.upper()) == 302
    assert attempt(cast.rep.email, "wrong") == 200


def test_somebody_who_left_gets_in_no_more(cast: Cast) -> None:
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    assert attempt(cast.rep.email) == 200


def test_after_ten_wrong_tries_the_right_password_is_refused_too(cast: Cast) -> None:
    for number in range(10):
        attempt(cast.admin.email.upper() if number % 2 else cast.admin.email, "wrong")
    for typed in (cast.admin.email, cast.admin.email.upper(), f" {cast.admin.email.title()} "):
        assert attempt(typed) == 429
    assert attempt(cast.rep.email) == 302


def test_the_demos_password_opens_nothing_outside_demo_mode(cast: Cast, settings: Settings) -> None:
    cast.rep.set_password(DEMO_PASSWORD)
    cast.rep.save()
    settings.DEMO = False
    assert attempt(cast.rep.email, DEMO_PASSWORD) == 200
    settings.DEMO = True
    assert attempt(cast.rep.email, DEMO_PASSWORD) == 302


@pytest.mark.parametrize("wanted", ["//evil.test", "https://evil.test", "/\\evil.test"])
def test_nobody_is_led_elsewhere_after_signing_in(cast: Cast, wanted: str) -> None:
    answer = Client().post(f"/sign-in/?next={wanted}", {"username": cast.rep.email, "password": make.PASSWORD, "next": wanted})
    assert answer.headers["Location"] == "/"


def test_signing_out_has_the_browser_forget(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rep, "tamdash.sign_in.Passwords")
    assert client.get(f"/accounts/{make.account(cast.tenant, cast.rep).pk}/").headers["Cache-Control"] == "private, no-cache"
    assert client.post("/sign-out/").headers["Clear-Site-Data"] == '"cache"'


NONSENSE = [
    "/?owner=²", "/?view=table&after=²:5", "/?view=table&after=1:xyz", "/?view=table&sort=renewal&after=1:x", "/?view=table&sort=size&after=1:nan",
    "/escalations/?owner=²", "/escalations/?page=²", "/escalations/?page=0", "/escalations/?page=999999999999999999999",
    f"/escalations/?page={'9' * 5000}", f"/drafts/?owner={'9' * 5000}", "/drafts/?owner=²", "/drafts/?page=0",
]  # fmt: skip


@pytest.mark.parametrize("address", NONSENSE)
def test_an_address_that_makes_no_sense_shows_the_page(cast: Cast, address: str) -> None:
    client = Client()
    client.force_login(cast.rep, "tamdash.sign_in.Passwords")
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/?q=%00", "/admin/accounts/account/?region=%00", "/admin/autocomplete/?term=%00"])
def test_a_nul_in_an_address_is_refused(cast: Cast, address: str) -> None:
    client = Client()
    client.force_login(cast.admin, "tamdash.sign_in.Passwords")
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    ("path", "words"),
    [("/drafts/1/save/", "Text that you had not saved is kept in this browser"), ("/drafts/1/approve/", "What you pressed was not done.")],
)
def test_who_pressed_something_after_the_session_ended_is_told_what_became_of_it(path: str, words: str) -> None:
    said = Client().post(path, follow=True, headers={"referer": "http://testserver/drafts/1/"}).content.decode()
    assert "You were signed out." in said
    assert words in said


def test_who_opens_a_page_without_a_session_is_just_asked_to_sign_in() -> None:
    assert "You were signed out." not in Client().get("/drafts/", follow=True).content.decode()


def test_an_expired_form_says_where_unsaved_text_is(cast: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": cast.rep.email, "password": make.PASSWORD})
    assert answer.status_code == 403
    assert "Text of a draft that you had not saved is kept in this browser" in answer.content.decode()
