"""An import that was cut off goes on where it was and ends as if nothing had happened; two at once do it once."""

import signal
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.imports import lease, running, staging
from accounts.imports.choices import Choices
from accounts.imports.from_disk import import_file
from accounts.imports.layout import UnreadableFile
from accounts.imports.preview import preview
from accounts.models import StagedTicket, Tenant, Ticket, TicketImport, TicketImportPart
from tests import make
from tests.forked import forked
from tests.worker import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CHOICES = Choices("generic", create_accounts=True)
HEADING = "ticket_id,account,priority,status,created_at,subject\n"
GOOD = 'T-{n},A-{n},P{p},open,2026-11-{d:02},"Größe {n}\nof two lines"\n'


def text(rows: int = 40) -> str:
    """Every seventh row is broken, each in a way that makes the lines behind it be read again."""
    good = [GOOD.format(n=n, p=1 + n % 4, d=1 + n % 20) for n in range(rows)]
    return HEADING + "".join(f'T-{n},"never closed\n' if n % 7 == 3 else row for n, row in enumerate(good))


def content(of: Tenant) -> list[tuple[Any, ...]]:
    columns = ("external_id", "account__external_id", "priority", "status", "subject", "created_at")
    return list(Ticket.objects.filter(tenant=of).order_by("external_id").values_list(*columns))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text(text(), encoding="utf-16")
    return path


@pytest.fixture
def uninterrupted(path: Path) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    other = make.tenant("whole")
    return import_file(other, path, CHOICES).as_json(), content(other)


@pytest.fixture
def tenant() -> Tenant:
    return make.tenant("north")


class PowerCut(BaseException):
    pass


def cut_off_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    keep, taken = staging.keep, iter(range(steps))

    def once_more(*given: Any) -> None:
        if next(taken, None) is None:
            raise PowerCut
        keep(*given)

    monkeypatch.setattr(staging, "keep", once_more)


@pytest.mark.parametrize("steps", [0, 1, 6])
def test_an_import_cut_off_after_any_step_ends_like_one_that_was_not(
    tenant: Tenant, path: Path, uninterrupted: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(staging, "STEP_ROWS", 5)
    with monkeypatch.context() as here:
        cut_off_after(here, steps)
        with pytest.raises(PowerCut):
            import_file(tenant, path, CHOICES)
    assert not content(tenant), "half a file is no import"
    read = TicketImport.objects.get(tenant=tenant).rows_read
    assert bool(read) == bool(steps)
    said: list[str] = []
    report = import_file(tenant, path, CHOICES, say=said.append)
    assert (report.as_json(), content(tenant)) == uninterrupted
    assert [f"after row {read}," in line for line in said] == [True] * bool(steps)
    assert not StagedTicket.objects.exists()
    assert TicketImport.objects.get(tenant=tenant).status == "done"


def test_what_a_crash_of_the_server_emptied_is_read_again(
    tenant: Tenant, path: Path, uninterrupted: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "STEP_ROWS", 5)
    with monkeypatch.context() as here:
        cut_off_after(here, 3)
        with pytest.raises(PowerCut):
            import_file(tenant, path, CHOICES)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_stagedticket")
    assert (import_file(tenant, path, CHOICES).as_json(), content(tenant)) == uninterrupted


def test_other_choices_or_another_file_begin_anew(tenant: Tenant, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as here:
        cut_off_after(here, 0)
        with pytest.raises(PowerCut):
            import_file(tenant, path, CHOICES)
    assert import_file(tenant, path, Choices("generic")).accounts_created == 0
    path.write_text(HEADING)
    assert import_file(tenant, path, CHOICES).rows_read == 0
    assert list(TicketImport.objects.order_by("created_at").values_list("status", flat=True)) == ["reading", "done", "done"]


def test_of_two_processes_one_works_and_the_other_waits_for_it(
    tenant: Tenant, path: Path, uninterrupted: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.imports.from_disk.ASKED_EVERY", 0.05)
    reports: list[dict[str, Any]] = []
    said: list[str] = []

    def work() -> None:
        try:
            reports.append(import_file(tenant, path, CHOICES, say=said.append).as_json())
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report["rows_read"] for report in reports] == [uninterrupted[0]["rows_read"]] * 3
    assert content(tenant) == uninterrupted[1]
    assert not any("Going on" in line for line in said)


def test_who_lost_the_import_writes_nothing_more(tenant: Tenant, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage_and_lose(*given: Any) -> staging.Kept:
        kept = staging.stage(*given)
        TicketImport.objects.update(attempts=99)  # as another's claim does
        return kept

    monkeypatch.setattr(running, "stage", stage_and_lose)
    with pytest.raises(UnreadableFile, match="another process took it up"):
        import_file(tenant, path, CHOICES)
    assert not content(tenant)


def confirmed(tenant: Tenant) -> TicketImport:
    row = make.upload(make.user(tenant, "manager"), text())
    with transaction.atomic():
        running.start(row, preview(row, CHOICES).choices)
        connection.run_on_commit.clear()  # the broker lost it
    return row


def is_waiting_for_this_session() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def killed_while_it_waits(row: TicketImport) -> None:
    with forked(running.run, str(row.pk)) as process:
        wait_until(is_waiting_for_this_session)
        process.kill()
        process.join(20)
        assert process.exitcode == -signal.SIGKILL


def test_a_worker_killed_while_it_reads_and_one_killed_while_it_merges_lose_nothing(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "STEP_ROWS", 5)
    row, other = confirmed(tenant), make.tenant("other")
    whole = confirmed(other)
    running.run(str(whole.pk))
    with transaction.atomic():  # holds the row that the third step would write
        values = {"account_keys": [], "priority": 1, "created_at": timezone.now(), "source_version": 0}
        StagedTicket.objects.create(ticket_import_id=row.pk, position=13, **values)
        killed_while_it_waits(row)
        transaction.set_rollback(True)
    row.refresh_from_db()
    assert (row.status, row.rows_read) == ("reading", 10)
    assert lease.claim(row.pk) is None, "it may only be slow"

    TicketImport.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    with transaction.atomic():  # holds a ticket that the merge would write
        make.ticket(make.account(tenant), source="generic", external_id="T-1")
        killed_while_it_waits(row)
        transaction.set_rollback(True)
    row.refresh_from_db()
    assert (row.status, content(tenant)) == ("merging", [])

    TicketImport.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    running.run(str(row.pk))
    whole.refresh_from_db()
    row.refresh_from_db()
    assert (row.status, row.report, content(tenant)) == ("done", whole.report, content(other))
    assert (row.report["rows_read"], row.report["refused_count"]) == (40, 6)
    assert not StagedTicket.objects.exists()
    assert not TicketImportPart.objects.exists()
