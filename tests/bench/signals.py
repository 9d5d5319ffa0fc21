"""Heartbeats, webhooks and the API's tickets over HTTP from two workers, against a view that does nothing behind the same middleware."""

import itertools
import json
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from accounts import api_tokens
from accounts.hooks import tokens
from accounts.models import InboundEvent, Tenant
from tests.bench.database import load, run
from tests.bench.measuring import Measurement, Options, Target, in_turns
from tests.bench.pages import served

CONNECTIONS = 4
WITHOUT_LIMIT = {"TAMDASH_API_CALLS_PER_MINUTE": "1000000000"}
BODY = {"features": ["Saved views", "Single sign-on", "Webhooks"], "environment": {"Kubernetes": "1.31"}, "calls": 12}
# What BODY says, said before.
SAID = """
INSERT INTO accounts_heartbeatreport (account_id, features, environment, changed_at, applied_at)
SELECT id, '{Saved views,Single sign-on,Webhooks}', '{Kubernetes 1.31}', created_at, created_at FROM accounts_account"""
HOT = """
SELECT coalesce(sum(n_tup_hot_upd) * 100.0 / nullif(sum(n_tup_upd), 0), 0) FROM pg_stat_user_tables
WHERE relname IN ('accounts_heartbeat', 'accounts_heartbeatday')"""


def measure(options: Options) -> list[Measurement]:
    accounts, requests, bulk = (200, 20, 50) if options.quick else (10_000, 600, 1_000)
    tenant = load(accounts, "signals")
    run(SAID)
    senders = Senders(tenant)
    with served(**WITHOUT_LIMIT) as port:
        load_of = Load(port)
        found = in_turns(
            options.rounds,
            {
                "nothing": lambda: load_of.run([get("/nothing")] * requests),
                "ping": lambda: load_of.run(senders.pings(requests)),
                "told": lambda: load_of.run(senders.told(requests)),
                "hook": lambda: load_of.run(senders.events(requests)),
                "single": lambda: load_of.run(senders.tickets(requests // 20, 1)),
                "bulk": lambda: load_of.run(senders.tickets(CONNECTIONS, bulk)) / bulk,
            },
        )
    assert InboundEvent.objects.count() == requests * options.rounds
    assert tenant.tickets.filter(external_id__startswith="N-").count() == (requests // 20 + CONNECTIONS * bulk) * options.rounds
    return [*doors(found), *tickets(found, bulk)]


def doors(found: dict[str, list[float]]) -> list[Measurement]:
    nothing = found["nothing"]
    return [
        Measurement("a view that does nothing", nothing, note="ms a request, here and below"),
        Measurement("a ping", found["ping"], targets=[Target(1 / 0.35, nothing, "nothing")]),
        Measurement("a ping that says what it said before", found["told"], note="features, environment and calls"),
        hot_updates(),
        Measurement("a webhook, stored and answered", found["hook"], targets=[Target(1 / 0.25, nothing, "nothing")]),
    ]


def hot_updates() -> Measurement:
    """Read once the workers have ended, which is when the server counts what they did."""
    share = float(run(HOT)[0][0])
    return Measurement("updates by pings that wrote to an index", [100 - share], "%", "all others are HOT", targets=[Target(1)])


def tickets(found: dict[str, list[float]], bulk: int) -> list[Measurement]:
    target = Target(20, found["single"], "single posts", at_least=True)
    return [
        Measurement("a ticket, posted alone", found["single"], note="new ones, through the API"),
        Measurement(f"a ticket, posted with {bulk:,}", found["bulk"], targets=[target]),
    ]


class Senders:
    """Requests as a tenant's systems send them."""

    def __init__(self, tenant: Tenant) -> None:
        paths = [f"/ping/{key}" for (key,) in run("SELECT ping_id FROM accounts_account WHERE tenant_id = %(t)s", {"t": tenant.pk})]
        called = random.Random(1).sample(paths, len(paths) // 5)  # so that each is called again and again
        self.paths, self.numbers = itertools.cycle(called), itertools.count()
        self.hook = f"/hooks/generic/{tokens.make(tenant, 'generic')[1]}"
        self.token = f"Authorization: Bearer {api_tokens.issue(tenant, 'bench', ['tickets:write'])[1]}"

    def pings(self, count: int) -> list[bytes]:
        return [get(next(self.paths)) for _ in range(count)]

    def told(self, count: int) -> list[bytes]:
        return [post(next(self.paths), BODY) for _ in range(count)]

    def events(self, count: int) -> list[bytes]:
        return [post(self.hook, {"account": "A-1", **ticket}) for ticket in itertools.islice(self.new_tickets(), count)]

    def tickets(self, count: int, size: int) -> list[bytes]:
        return [post("/api/v1/tickets", {"tickets": list(itertools.islice(self.new_tickets(), size))}, self.token) for _ in range(count)]

    def new_tickets(self) -> Iterator[dict[str, str]]:
        for number in self.numbers:
            yield {
                "ticket_id": f"N-{number}",
                "account_id": f"A-{number % 200 + 1}",
                "priority": "P2",
                "status": "open",
                "created_at": "2025-06-04T07:00:00Z",
                "updated_at": "2025-06-04T08:00:00Z",
                "subject": "Export of the monthly report fails",
            }


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(path: str, content: object, *headers: str) -> bytes:
    body = json.dumps(content).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Load:
    """Requests over a few connections at once, each on a new one. `http.client` would cost as much as the view that does nothing."""

    def __init__(self, port: int) -> None:
        self.address = ("127.0.0.1", port)

    def run(self, requests: list[bytes]) -> float:
        """Milliseconds a request at full load."""
        shares = [requests[start::CONNECTIONS] for start in range(CONNECTIONS)]
        started = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self.send, shares))
        return (time.perf_counter() - started) * 1000 / len(requests)

    def send(self, requests: list[bytes]) -> None:
        for request in requests:
            with socket.create_connection(self.address, 60) as connection:
                connection.sendall(request)
                answer = b"".join(iter(lambda: connection.recv(65_536), b""))
            assert answer[9:12] == b"200", answer[:500]
