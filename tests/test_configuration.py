"""What an operator may set is written down where they look, with the default that holds."""

import re

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tamdash.mail_url import mail
from tamdash.settings import Environment

BEFORE_DJANGO = {"TAMDASH_INSTANCE": "main"}  # read by what starts the servers
README = (settings.BASE_DIR / "README.md").read_text()
EXAMPLE = (settings.BASE_DIR / ".env.example").read_text()


def defaults() -> dict[str, str]:
    fields = {str(field.alias): field.default for field in Environment.model_fields.values()}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()} | BEFORE_DJANGO


def test_the_example_file_shows_every_setting_with_its_default() -> None:
    assert dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE)) == defaults()


def test_the_readme_lists_every_setting() -> None:
    table = README[README.index("| variable | default | meaning |") :].split("\n\n")[0]
    listed = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert listed == set(defaults())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtps://me:p%40ss@mail.example", ("mail.example", 465, "me", "p@ss", True, False)),
        ("smtp+tls://me%40here:x@mail.example:2525", ("mail.example", 2525, "me@here", "x", False, True)),
    ],
)
def test_a_mail_server_is_one_address(url: str, expected: tuple[object, ...]) -> None:
    found = mail(url)
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == expected


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://me:s3cret/@mail.example", "file://", "file:///"])
def test_what_is_no_mail_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        mail(url)
    assert "s3cret" not in str(refused.value)
