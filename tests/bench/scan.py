"""The daily scan against the bare statements it can't do without, and against how else it could be written."""

from collections.abc import Callable
from itertools import count
from statistics import median

from accounts import scan, scan_sql
from accounts.models import Account, ScanRun
from tests.bench import scan_rivals
from tests.bench.database import DAY, START, a_day_passes, load, number, run
from tests.bench.measuring import Measurement, Options, Target, added, in_turns, milliseconds

# No row leaves the server.
SCORES = f"WITH {scan_sql.scored(live=True, one_account=False)} SELECT * FROM scored OFFSET 1000000000"
TABLE_LIKE_SNAPSHOTS = "CREATE TABLE bench_snapshot (LIKE accounts_healthsnapshot INCLUDING ALL)"
SNAPSHOTS = """
INSERT INTO bench_snapshot (scan_id, account_id, oldest_p1_p2_age_days, hours_since_heartbeat, p1_p2_ticket_count, late_ticket_count,
    total_open_tickets, score, previous_score, late_points, volume_points, silence_points, should_escalate, rag, previous_rag)
SELECT %(scan)s, n, n * 0.1, n * 0.2, 1, 2, 3, 60, 80, 40, 0, 0, false, 'Amber', 'Green' FROM generate_series(1, %(count)s) n"""

WAL_WRITTEN = "SELECT pg_current_wal_insert_lsn() - '0/0'"
HEALTH_WRITTEN = "SELECT count(*) FROM accounts_accounthealth WHERE xmin = (SELECT xmin FROM accounts_scanrun ORDER BY id DESC LIMIT 1)"

numbers = count(1)


class Portfolio:
    """A tenant whose days pass as it is measured. Every method named after a thing measured answers milliseconds."""

    def __init__(self, accounts: int, slug: str = "bench") -> None:
        self.count = accounts
        self.tenant = load(accounts, slug)
        self.at = START
        self.logged: dict[str, list[float]] = {"after a checkpoint": [], "between checkpoints": []}  # bytes an account, scan by scan
        self.changed: list[float] = []  # per cent of the accounts
        scan.scan_tenant(self.tenant, at=self.at)

    def select(self) -> float:
        values = scan.parameters(self.tenant, scan.policy_at(self.tenant, self.at), self.at)
        return milliseconds(lambda: run(SCORES, values))

    def insert(self, rows: int = 0) -> float:
        return milliseconds(lambda: run(SNAPSHOTS, {"scan": next(numbers), "count": rows or self.count}))

    def scan(self, when: str = "after a checkpoint") -> float:
        self.at += DAY
        a_day_passes(self.tenant, self.at)
        if when == "after a checkpoint":
            run("CHECKPOINT")
        before = number(WAL_WRITTEN)
        taken = milliseconds(lambda: scan.scan_tenant(self.tenant, at=self.at))
        self.logged[when].append((number(WAL_WRITTEN) - before) / self.count)
        self.changed.append(100 * number(HEALTH_WRITTEN) / self.count)
        return taken

    def scan_now(self) -> float:
        account = self.accounts(1)[0]
        return milliseconds(lambda: scan.scan_account(account))

    def rival(self, write: Callable[[ScanRun, list[Account]], None], sample: int) -> float:
        """What it would take for all accounts, going by this many."""
        accounts = self.accounts(sample)
        new = scan.new_run(self.tenant, ScanRun.Kind.TENANT, self.at)
        return milliseconds(lambda: write(new, accounts)) * self.count / sample

    def accounts(self, number: int) -> list[Account]:
        """The next so many, in order of their ids."""
        start = next(numbers) * 7919 % (self.count - number)
        return list(Account.objects.filter(tenant=self.tenant).order_by("id")[start : start + number])


def measure(options: Options) -> list[Measurement]:
    accounts, looped, bulk = (2_000, 20, 200) if options.quick else (100_000, 500, 20_000)
    run(TABLE_LIKE_SNAPSHOTS)
    run(scan.SETTINGS.replace("SET LOCAL", "SET"))  # for the yardsticks, which have the same memory
    portfolio = Portfolio(accounts)
    found = in_turns(
        options.rounds,
        {
            "select": portfolio.select,
            "insert": portfolio.insert,
            "scan": portfolio.scan,
            "later": lambda: portfolio.scan("between checkpoints"),
            "now": portfolio.scan_now,
            "loop": lambda: portfolio.rival(scan_rivals.loop, looped),
            "bulk": lambda: portfolio.rival(scan_rivals.orm_bulk, bulk),
        },
    )
    return [
        *daily(found, portfolio),
        Measurement("a loop over the accounts", found["loop"], note=f"extrapolated from {looped:,}"),
        Measurement("ORM: annotate, bulk_create, bulk_update", found["bulk"], note=f"extrapolated from {bulk:,}"),
        *logged(portfolio),
        Measurement("“Scan now” of one account", found["now"], targets=[Target(30)]),
        *(growth(options, found["scan"], found["insert"]) if options.million else []),
    ]


def daily(found: dict[str, list[float]], portfolio: Portfolio) -> list[Measurement]:
    each = f"{portfolio.count:,} accounts"
    targets = [
        Target(3, added(found["select"], found["insert"]), "e1 + e2"),
        Target(400, found["loop"], "the loop", at_least=True),
        Target(60, found["bulk"], "the ORM's bulk methods", at_least=True),
    ]
    return [
        Measurement("e1: bare SELECT of aggregate and score", found["select"], note=each),
        Measurement("e2: bare INSERT of as many snapshots", found["insert"], note=each),
        Measurement(
            "the daily scan, projection included",
            found["scan"],
            note=f"{each}, {median(portfolio.changed):.1f} % of them changed",
            targets=targets,
        ),
    ]


def logged(portfolio: Portfolio) -> list[Measurement]:
    after, between = portfolio.logged["after a checkpoint"], portfolio.logged["between checkpoints"]
    return [
        Measurement("write-ahead log an account", between, "B", targets=[Target(400)]),
        Measurement("the same right after a checkpoint", after, "B", note="the first change of a page logs all of it"),
    ]


def growth(options: Options, scans: list[float], inserts: list[float]) -> list[Measurement]:
    """A million accounts, and what 100,000 would have cost beside them: as many of the same bare inserts as they did before."""
    portfolio = Portfolio(1_000_000, "million")
    found = in_turns(options.rounds, {"scan": portfolio.scan, "insert": lambda: portfolio.insert(100_000)})
    small = median(scan / insert for scan, insert in zip(scans, inserts, strict=True))
    target = Target(12, [small * insert for insert in found["insert"]], "100,000 accounts")
    return [Measurement("the daily scan of 1,000,000 accounts", found["scan"], targets=[target])]
