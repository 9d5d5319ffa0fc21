"""A real IMAP server, dovecot, on ports of this machine. Mailboxes come into being when somebody signs in."""

import grp
import hmac
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from imapclient import IMAPClient
from pytest_django import Settings

from communications.mailboxes.accounts import ImapAccount, Security

PASSWORD = "right pass wörd"
# By the domain of a user name: servers that can do less or are odd.
KINDS = {
    "plain.test": "",
    "bare.test": "userdb_imap_capability=IMAP4rev1",
    "gmail.test": "userdb_imap_capability=+X-GM-EXT-1",
}
CONFIG = """
base_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
mail_fsync = never
first_valid_uid = 1
mail_uid = {mail_user}
mail_gid = {mail_group}
{as_nobody}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/tokens
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%d {home}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%d {home}/users
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  {chroot}
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox "Unfertiges & Ähnliches" {{
    special_use = \\Drafts
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
"""

TOKENS = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={home}/keys/
username_attribute = email
"""
TOKEN_KEY = b"a key of this test server alone, 32 bytes and more"


def access_token(user: str) -> str:
    """As a provider gives one out: a JSON Web Token that the server knows for genuine."""
    claims = {"email": user, "sub": user, "iat": int(time.time()) - 10, "exp": int(time.time()) + 600}
    signed = b".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (signed + b"." + urlsafe_b64encode(hmac.digest(TOKEN_KEY, signed, "sha256")).rstrip(b"=")).decode()


@dataclass(frozen=True)
class ImapServer:
    port: int
    tls_port: int
    certificate: Path

    def account(self, kind: str = "plain.test") -> ImapAccount:
        """Of a person who has no folder yet."""
        return ImapAccount("127.0.0.1", self.port, f"u{uuid.uuid4().hex[:8]}@{kind}", PASSWORD, Security.NONE)

    @contextmanager
    def mail_program(self, account: ImapAccount) -> Iterator[IMAPClient]:
        """As the person's own mail program is connected."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10) as client:
            client.plain_login(account.user, PASSWORD)
            yield client


def missing(reason: str) -> None:
    if os.environ.get("TAMDASH_REQUIRE_MAILBOX") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[ImapServer]:
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("NO REAL MAILBOX WAS TESTED: dovecot is not installed (apt-get install dovecot-imapd).")
    assert program
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    if not version.startswith("2.3."):
        missing(f"NO REAL MAILBOX WAS TESTED: the tests' configuration is for dovecot 2.3, and this is {version.strip()}.")
    home = Path(tempfile.mkdtemp(prefix="dovecot", dir="/tmp"))  # short: it holds the paths of sockets
    process, server = started(program, home)
    yield server
    process.terminate()
    process.wait(20)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def imap_server(dovecot: ImapServer, settings: Settings) -> ImapServer:
    """The server, which the tests' settings allow to be on this machine."""
    settings.ALLOW_PRIVATE_URLS = True
    return dovecot


def configure(home: Path, port: int, tls_port: int) -> None:
    as_root = os.geteuid() == 0
    me = "nobody" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    group = "nogroup" if as_root else grp.getgrgid(os.getegid()).gr_name
    config = CONFIG.format(
        home=home,
        port=port,
        tls_port=tls_port,
        mail_user=me,
        mail_group=group,
        as_nobody="" if as_root else f"default_internal_user = {me}\ndefault_login_user = {me}\ndefault_internal_group = {group}",
        chroot="" if as_root else "chroot =",
    )
    (home / "conf").write_text(config)
    (home / "users").write_text("".join(f"{domain}:{{PLAIN}}{PASSWORD}:::::/:{extra}\n" for domain, extra in KINDS.items()))
    (home / "tokens").write_text(TOKENS.format(home=home))
    key = home / "keys/default/HS256/default"
    key.parent.mkdir(parents=True)
    key.write_text(b64encode(TOKEN_KEY).decode())
    (home / "mail").mkdir(mode=0o777)
    (home / "mail").chmod(0o777)
    home.chmod(0o755)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    files = f"-addext subjectAltName=DNS:localhost -keyout {home}/key.pem -out {home}/cert.pem"
    subprocess.run(f"{command} {files}".split(), check=True, capture_output=True)


def started(program: str, home: Path) -> tuple["subprocess.Popen[bytes]", ImapServer]:
    """A port that was free may be somebody else's by the time dovecot asks for it: then others are taken."""
    for attempt in range(5):
        place = home / str(attempt)
        place.mkdir()
        place.parent.chmod(0o755)
        port, tls_port = free_ports()
        configure(place, port, tls_port)
        process = subprocess.Popen([program, "-F", "-c", place / "conf"], stderr=subprocess.DEVNULL)
        if answers(process, port):
            return process, ImapServer(port, tls_port, place / "cert.pem")
        process.terminate()
        process.wait(20)
    log = place / "log"
    pytest.fail(f"dovecot does not answer: {log.read_text() if log.exists() else 'it left no log'}")


def free_ports() -> list[int]:
    """Two below those that systems give out by themselves, so that nothing takes them meanwhile."""
    free: list[int] = []
    while len(free) < 2:
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            free.append(int(one.getsockname()[1]))
    return free


def answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        try:
            with IMAPClient("127.0.0.1", port, ssl=False, timeout=2):
                return True
        except (OSError, IMAPClient.Error):
            time.sleep(0.05)
    return False


@contextmanager
def saying(first: bytes, *answers: bytes) -> Iterator[int]:
    """A server that says something, and then one thing for each line it hears: its port. Later it says nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        talks: list[socket.socket] = []

        def talk() -> None:
            with suppress(OSError):
                while True:
                    talks.append(listening.accept()[0])
                    heard = talks[-1].makefile("rb")
                    talks[-1].sendall(first)
                    for answer in answers:
                        tag = heard.readline().split(b" ")[0]
                        talks[-1].sendall(answer.replace(b"TAG", tag))

        threading.Thread(target=talk, daemon=True).start()
        yield int(listening.getsockname()[1])
        for one in talks:
            one.close()
