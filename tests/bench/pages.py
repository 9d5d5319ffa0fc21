"""List pages over HTTP from two workers, against the admin site's list of the same table."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import quantiles

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts import scan
from accounts.models import User
from accounts.onboarding import create_user
from tests.bench.database import DAY, START, a_day_passes, load, run
from tests.bench.measuring import Measurement, Options, Target, in_turns

CONNECTIONS = 4
ADMIN = "/plain/accounts/account/"
PAGES = {
    "portfolio table, first page": "/?view=table",
    "portfolio table, by name": "/?view=table&sort=name",
    "portfolio table, smallest filter": "/?view=table&rag=Red",
    "portfolio table, largest filter": "/?view=table&rag=Green",
    "escalations": "/escalations/",
    "drafts": "/drafts/",
}


def measure(options: Options) -> list[Measurement]:
    accounts, requests = (1_000, 8) if options.quick else (100_000, 60)
    tenant = load(accounts, "pages")
    for day in range(2):
        a_day_passes(tenant, START + day * DAY)
        scan.scan_tenant(tenant, at=START + day * DAY)
    run("VACUUM (ANALYZE)")
    cookies = signed_in(create_user(tenant, "admin@pages.test", "admin", name="Admin"))
    with served() as port:
        load_of = Load(port, cookies, requests)
        pages = PAGES | {"portfolio table, deep page": f"/?view=table&sort=name&after={deep_cursor(tenant.pk)}"}
        tag = load_of.etag("/?view=table")
        found = in_turns(
            options.rounds,
            {"admin": lambda: load_of.run(ADMIN), "304": lambda: load_of.run("/?view=table", tag)}
            | {name: (lambda path=path: load_of.run(path)) for name, path in pages.items()},
        )
        tails = load_of.tails
    return items(found, tails, pages, accounts)


def items(found: dict[str, list[float]], tails: dict[str, list[float]], pages: dict[str, str], accounts: int) -> list[Measurement]:
    targets = {name: [Target(10, found["admin"], "the admin's list", at_least=True)] for name in pages}
    targets["portfolio table, largest filter"].append(Target(1 / 0.8, found["portfolio table, smallest filter"], "the smallest filter"))
    targets["portfolio table, deep page"].append(Target(1.25, found["portfolio table, by name"], "the first page"))
    return [
        Measurement("admin's list of accounts, 100 rows", found["admin"], note=f"{accounts:,} accounts, ms a request"),
        *(Measurement(name, found[name], targets=targets[name]) for name in pages),
        Measurement(
            "portfolio table, unchanged (304)", found["304"], targets=[Target(30, found["admin"], "the admin's list", at_least=True)]
        ),
        Measurement("slowest of a hundred, portfolio table", tails["/?view=table"], targets=[Target(0.25, tails[ADMIN], "the admin's")]),
    ]


def deep_cursor(tenant_id: int) -> str:
    last_id, name = run(
        "SELECT id, name FROM accounts_account WHERE tenant_id = %(t)s ORDER BY name, id "
        "OFFSET (SELECT count(*) * 8 / 10 FROM accounts_account WHERE tenant_id = %(t)s) LIMIT 1",
        {"t": tenant_id},
    )[0]
    return f"{last_id}:{str(name).replace(' ', '+')}"


def signed_in(user: User) -> str:
    client = Client()
    client.force_login(user, backend="tamdash.sign_in.Passwords")
    client.get("/", SERVER_NAME="localhost")
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


@contextmanager
def served(**more: str) -> Iterator[int]:
    """Gunicorn with two workers on the bench's database. It wants the static files collected. `more`: environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = connection.settings_dict
    url = f"postgresql://{here['USER']}@/{here['NAME']}?host={here['HOST']}" + (f"&port={here['PORT']}" if here["PORT"] else "")
    environment = os.environ | {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "TAMDASH_DEMO": "1", "TAMDASH_LOG_LEVEL": "ERROR"}
    environment |= more
    command = [sys.executable, "-m", "gunicorn", "tests.bench.plain_wsgi", "-w", "2", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    server = subprocess.Popen([*command, "--log-level", "error"], env=environment)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(60)


class Load:
    """So many requests over a few connections at once."""

    def __init__(self, port: int, cookies: str, requests: int) -> None:
        self.port, self.cookies, self.requests = port, cookies, requests
        self.tails: dict[str, list[float]] = {}

    def headers(self, tag: str = "") -> dict[str, str]:
        return {"Cookie": self.cookies, "Accept-Encoding": "gzip"} | ({"If-None-Match": tag} if tag else {})

    def etag(self, path: str) -> str:
        return self.fetch(http.client.HTTPConnection("127.0.0.1", self.port), path, "", 200)[1]

    def fetch(self, to: http.client.HTTPConnection, path: str, tag: str, expected: int) -> tuple[float, str]:
        started = time.perf_counter()
        to.request("GET", path, headers=self.headers(tag))
        answer = to.getresponse()
        answer.read()
        assert answer.status == expected, f"{path}: {answer.status}"
        return (time.perf_counter() - started) * 1000, answer.headers.get("ETag") or ""

    def run(self, path: str, tag: str = "") -> float:
        """Milliseconds a request at full load."""

        def one_connection(_: int) -> list[float]:
            to = http.client.HTTPConnection("127.0.0.1", self.port)
            return [self.fetch(to, path, tag, 304 if tag else 200)[0] for _ in range(self.requests // CONNECTIONS)]

        started = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            times = [each for taken in pool.map(one_connection, range(CONNECTIONS)) for each in taken]
        if not tag:
            self.tails.setdefault(path, []).append(quantiles(times, n=100)[-1])
        return (time.perf_counter() - started) * 1000 / len(times)
