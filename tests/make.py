"""Plain factories. Each makes one row, with defaults that satisfy every constraint; what a test is about it names itself."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from accounts import scan
from accounts.imports import uploading
from accounts.models import Account, Escalation, Heartbeat, HeartbeatDay, ScanRun, Tenant, Ticket, TicketImport, User
from accounts.onboarding import create_tenant, create_user
from communications import drafts
from communications.models import Communication, CommunicationRevision

numbers = count(1)
PASSWORD = "correct-horse-battery"


def tenant(slug: str = "", time_zone: str = "UTC") -> Tenant:
    slug = slug or f"tenant-{next(numbers)}"
    return create_tenant(slug, slug.title(), time_zone)


def user(of: Tenant, role: str = "rep", email: str = "", name: str = "") -> User:
    return create_user(of, email or f"{role}-{next(numbers)}@{of.slug}.test", role, name=name, password=PASSWORD)


def users(*people: tuple[Tenant, str, str]) -> list[User]:
    """Several in one statement, of those tenants, with those roles and names."""
    made = [User(tenant=of, email=f"{role}-{next(numbers)}@{of.slug}.test", role=role, name=name) for of, role, name in people]
    for each in made:
        each.set_password(PASSWORD)
    created: list[User] = User.objects.bulk_create(made)
    return created


def account(of: Tenant, owner: User | None = None, **values: Any) -> Account:
    number = next(numbers)
    return Account.objects.create(**{"tenant": of, "owner": owner, "external_id": f"A-{number}", "name": f"Account {number}"} | values)


def ticket(of: Account, *, days: float = 1, priority: int = 3, status: str = "open", **values: Any) -> Ticket:
    """A ticket opened `days` ago; closed now where its status says so."""
    now = timezone.now()
    defaults = {
        "tenant": of.tenant,
        "account": of,
        "source": "generic",
        "external_id": f"T-{next(numbers)}",
        "priority": priority,
        "status": status,
        "subject": "Export fails",
        "created_at": now - timedelta(days=days),
        "closed_at": now if status in ("resolved", "closed") else None,
    }
    return Ticket.objects.create(**defaults | values)


def heartbeat(of: Account, at: datetime) -> Heartbeat:
    HeartbeatDay.objects.create(account=of, day=at.date(), first_at=at, last_at=at)
    return Heartbeat.objects.create(account=of, last_at=at)


def red_account(of: Tenant, owner: User | None = None, **values: Any) -> Account:
    """An account that the next scan finds Red: three late P1 tickets and four more than is free."""
    row = account(of, owner, **values)
    for _ in range(3):
        ticket(row, days=5, priority=1)
    for _ in range(5):
        ticket(row, days=1, priority=4)
    return row


def scanned(of: Tenant) -> ScanRun:
    return scan.scan_tenant(of)


def escalation(of: Account) -> Escalation:
    """The escalation that a scan opened for the account, which must be Red or newly Amber."""
    scan.scan_account(of)
    opened: Escalation = Escalation.objects.unresolved().get(account=of)
    return opened


def waiting(of: Account, **values: Any) -> Escalation:
    """An escalation in the queue, without the scan that opens one; Red, 80 to 20, due in an hour."""
    now = timezone.now()
    given = {"reason": "worsened_to_red", "score": 20, "rag": "Red", "severity": "Red", "previous_score": 80}
    return Escalation.objects.create(
        **{"tenant": of.tenant, "account": of, "opened_at": now - timedelta(hours=3), "due_at": now + timedelta(hours=1)} | given | values
    )


def draft(of: Account, communication_type: str = "health_checkin", **values: Any) -> Communication:
    """A draft in review at version 1, with its first revision."""
    texts = {"subject": "How things stand", "body_html": "<p>Hello Petra, all is well.</p>", "recipients": "Petra <petra@customer.example>"}
    made = Communication.objects.create(
        **{"tenant": of.tenant, "account": of, "communication_type": communication_type, "status": "ready", "version": 1} | texts | values
    )
    CommunicationRevision.objects.create(
        communication=made, number=1, origin="generated", subject=made.subject, body_html=made.body_html, recipients=made.recipients
    )
    return made


def approved(made: Communication, by: User) -> Communication:
    drafts.approve(made, by=by, version=made.version)
    made.refresh_from_db()
    return made


def failed(made: Communication) -> Communication:
    Communication.objects.filter(pk=made.pk).update(status="failed", failure="The writer stopped.")
    made.refresh_from_db()
    return made


def upload(by: User, text: str, name: str = "tickets.csv", **values: Any) -> TicketImport:
    """A file of tickets that waits for its preview to be confirmed."""
    row = uploading.receive(SimpleUploadedFile(name, text.encode()), by)
    TicketImport.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def check_constraints_at_once() -> None:
    """In this transaction, rather than when it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
