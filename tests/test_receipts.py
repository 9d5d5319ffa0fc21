"""Receipts: from a stored score and back, noticing every change, and refusing whatever is none in plain words."""

import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from accounts import receipts, recorded, scan
from accounts.models import Account, HealthSnapshot, Tenant, Ticket
from tests import make
from tests.commands import run
from tests.generated import Portfolio, portfolios
from tests.stored import stored

many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ROOT = Path(__file__).parent.parent


@pytest.mark.django_db
@many
@given(portfolios())
def test_every_stored_score_has_a_receipt_that_holds_and_says_what_the_scan_found(portfolio: Portfolio) -> None:
    with stored(portfolio) as tenant:
        Ticket.objects.filter(tenant=tenant, closed_at__gt=portfolio.at).delete()  # closed by the scan, yet only after it
        run = scan.scan_tenant(tenant, at=portfolio.at)
        for account in tenant.accounts.all():
            snapshot = recorded.snapshots(account).get(scan=run)
            made = recorded.receipt(snapshot, account)
            again, wrong = receipts.check(made.text().encode())
            assert wrong == []
            assert again.result == made.result
            found = (made.result.score, made.result.rag_status, made.result.should_escalate, made.result.hours_since_heartbeat)
            assert found == (snapshot.score, snapshot.rag, snapshot.should_escalate, snapshot.hours_since_heartbeat)
            assert sum(deduction.points for deduction in made.deductions) == 100 - snapshot.score


@pytest.fixture
def red(db: None) -> HealthSnapshot:
    account = make.red_account(make.tenant("north"), external_id="acme")
    make.heartbeat(account, timezone.now() - timedelta(days=4))
    scan.scan_account(account)
    make.ticket(account, days=30, priority=2, external_id="OPS-1")
    scan.scan_account(account)
    found: HealthSnapshot = recorded.snapshots(account)[0]
    return found


def receipt_of(snapshot: HealthSnapshot) -> dict[str, Any]:
    found: dict[str, Any] = run("make_receipt", f"{snapshot.scan_id}:{snapshot.account_id}").json
    return found


def verified(content: object, tmp_path: Path) -> str:
    """What the command says against it; empty if it holds."""
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(content))
    return run("verify_receipt", str(path)).error


def leaves(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else None
    if inside is None:
        yield path
    for name, value in inside or ():
        yield from leaves(value, (*path, name))


def other(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value is None:
        return 1
    text = str(value)
    return {"Red": "Amber", "Amber": "Red", "Green": "Red", "P1": "P2", "P2": "P1", "P4": "P3"}.get(text) or text.replace(
        "20", "19", 1
    ) + " "


def changed(content: dict[str, Any], path: tuple[str | int, ...], *, sealed: bool = False) -> dict[str, Any]:
    made = copy.deepcopy(content)
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = other(inner[path[-1]])
    return made | {"sha256": receipts.sha256(made)} if sealed else made


def test_a_change_of_any_value_is_noticed(red: HealthSnapshot, tmp_path: Path) -> None:
    content = receipt_of(red)
    assert verified(content, tmp_path) == ""
    paths = list(leaves(content))
    assert len(paths) > 60
    for path in paths:
        assert verified(changed(content, path), tmp_path) != "", path


def test_a_result_that_does_not_follow_is_noticed_even_under_a_fresh_hash(red: HealthSnapshot, tmp_path: Path) -> None:
    content = receipt_of(red)
    paths = [path for path in leaves(content) if path[0] in ("result", "points", "deductions", "late_ticket_count")]
    for path in paths:
        assert ".".join(map(str, path)) in verified(changed(content, path, sealed=True), tmp_path), path


def test_what_is_missing_or_added_is_named(red: HealthSnapshot, tmp_path: Path) -> None:
    content = receipt_of(red)
    lacking, more = copy.deepcopy(content), copy.deepcopy(content)
    del lacking["result"]["previous_score"], lacking["policy"]["rules"]["late_points"]
    assert "lacks late_points" in verified(lacking, tmp_path)
    more["result"]["colour"] = more["colour"] = "blue"
    assert "colour" in verified(more, tmp_path)
    del more["colour"]
    assert "result.colour does not belong there" in verified(more, tmp_path)
    content["inputs"]["tickets"].pop()
    assert "result.total_open_tickets is 9; from the inputs follows 8" in verified(content, tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "It is not JSON"),
        (b"[]", "that is an object"),
        (b"{}", "account_id is missing"),
        (b'{"at": NaN}', "NaN"),
        (b'{"at": 1e999}', "too large"),
        (b'{"at": 1, "at": 2}', "twice"),
        (b'{"scan": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"tenant": "\\ud800"}', "form of a receipt"),
        (b"\xff\xfe{}", "not text in UTF-8"),
        (b" " * (receipts.LARGEST + 1), "larger than 4 MB"),
        (b'{"inputs":{"tickets":[' + b"{}," * 400_000 + b"{}]}}", "is missing"),
        (b'{"deductions":[' + b"0," * 1_000_000 + b"0]}", "form of a receipt"),
        (b"{" + b",".join(b'"%d":0' % n for n in range(300_000)) + b"}", "an object of 300,000 names"),
    ],
)
def test_what_is_no_receipt_is_refused_in_plain_words(text: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(text)
    error = run("verify_receipt", str(path)).error
    assert error.startswith("Not a receipt. ")
    assert reason in error


def test_numbers_beyond_reason_and_hostile_text_are_refused_and_shown_harmlessly(red: HealthSnapshot, tmp_path: Path) -> None:
    content = receipt_of(red)
    for value in (10**12, -1, "20", True, 1.5, None):
        content["policy"]["rules"]["late_after_days"] = value
        assert "Not a receipt." in verified(content, tmp_path)
    content = receipt_of(red)
    content["account_id"] = "\x1b[2J evil\n"
    told = verified(content, tmp_path)
    assert "\x1b" not in told
    assert "\\u001b" in told
    assert "cannot be read: No such file" in run("verify_receipt", str(tmp_path / "none.json")).error
    assert "cannot be read: Is a directory" in run("verify_receipt", str(tmp_path)).error


def test_a_receipt_is_verified_where_there_is_no_database(red: HealthSnapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    text = run("make_receipt", f"{red.scan_id}:{red.account_id}").output
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "manage.py", "verify_receipt", "-"]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, env=os.environ | nowhere)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("The receipt holds: acme scored 5, Red, at 20")
    wrong = subprocess.run(command, input=text.replace('"P4"', '"P1"'), capture_output=True, text=True, cwd=ROOT, env=os.environ | nowhere)
    assert wrong.returncode == 1
    assert "The receipt does not hold:\n  result.oldest_p1_p2_age_days" in wrong.stderr or "p1_p2_ticket_count" in wrong.stderr
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert "The receipt holds" in run("verify_receipt", "-").output


def test_a_snapshot_is_named_by_numbers_or_by_the_account_id_in_its_tenant(red: HealthSnapshot) -> None:
    Account.objects.filter(pk=red.account_id).update(external_id="acme:eu")
    assert receipt_of(red)["account_id"] == "acme:eu"
    assert run("make_receipt", f"{red.scan_id}:acme:eu", "--tenant", "north").json["scan"] == red.scan_id
    Tenant.objects.create(slug="south", name="South")
    for name, tenant, reason in [
        ("12", (), "is not a snapshot"),
        (f"{red.scan_id}:acme", (), "is not a snapshot"),
        ("99999999999999999999:1", (), "is not a snapshot"),
        (f"{red.scan_id}:999999", (), "There is no account “999999”."),
        (f"{red.scan_id + 999}:{red.account_id}", (), "did not cover account"),
        (f"{red.scan_id}:acme:eu", ("--tenant", "south"), "There is no account “acme:eu”."),
        (f"{red.scan_id}:acme:eu", ("--tenant", "nowhere"), "There is no tenant “nowhere”."),
    ]:
        assert reason in run("make_receipt", name, *tenant).error


def test_a_score_that_the_records_of_today_no_longer_lead_to_gets_no_receipt(red: HealthSnapshot) -> None:
    Ticket.objects.filter(external_id="OPS-1").update(priority=3)
    error = run("make_receipt", f"{red.scan_id}:{red.account_id}").error
    assert "it counted 4 P1 and P2 tickets, now 3 are known of then" in error
