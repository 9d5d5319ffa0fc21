"""Telling customers of a release: who confirms publishes it and has a draft written for each account that it matters to, once."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from accounts.models.profile import CommunicationType
from communications import batches
from communications.audience import Audience
from communications.models import Communication, CommunicationQuerySet, Release

Status = Communication.Status
CONTENT = ("version", "released_on", *(f"affected_{kind}" for kind in ("integrations", "features", "environments")))
CONTENT += ("features", "fixes", "breaking_changes")
SHOWN_FAILURES = 20

RETRY = """
WITH again AS (
    UPDATE communications_communication draft
    SET status = 'queued', version = version + 1, attempts = 0, failure = '', requested_by_id = %(by)s, updated_at = %(now)s
    WHERE release_id = %(release)s AND status = 'failed' AND (%(owner)s::bigint IS NULL OR EXISTS (
        SELECT FROM accounts_account account WHERE account.id = draft.account_id AND owner_id = %(owner)s))
    RETURNING id
),
noted AS (
    INSERT INTO communications_communicationevent (communication_id, at, actor_id, status, note)
    SELECT id, %(now)s, %(by)s, 'queued', 'Tried again' FROM again
    RETURNING communication_id
)
SELECT count(*) FROM noted"""


class ReleaseError(Exception):
    """Nothing was done. The message is for the person who tried it."""


@dataclass(frozen=True)
class Progress:
    """Of the drafts of a release that the person may change."""

    by_status: dict[str, int]
    failures: list[Communication]  # the first of them

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def under_way(self) -> int:
        return self.by_status.get(Status.QUEUED, 0) + self.by_status.get(Status.GENERATING, 0)

    @property
    def done(self) -> int:
        return self.total - self.under_way

    @property
    def failed(self) -> int:
        return self.by_status.get(Status.FAILED, 0)

    @property
    def more_failed(self) -> int:
        return self.failed - len(self.failures)

    @property
    def ready(self) -> int:
        return self.by_status.get(Status.READY, 0)

    @property
    def let_go(self) -> int:
        """Approved, and whatever came of them then."""
        return sum(self.by_status.get(status, 0) for status in (Status.APPROVED, Status.DELIVERED, Status.SENT))


def drafts_of(release: Release, user: User) -> CommunicationQuerySet:
    found: CommunicationQuerySet = Communication.objects.changeable_by(user).filter(release=release)
    return found


def progress(release: Release, user: User) -> Progress:
    """In two queries, one if nothing failed."""
    rows = drafts_of(release, user)
    by_status = dict(rows.order_by().values_list("status").annotate(Count("id")))
    failed = rows.filter(status=Status.FAILED).select_related("account").defer("body_html").order_by("account__name", "id")
    return Progress(by_status, list(failed[:SHOWN_FAILURES]) if by_status.get(Status.FAILED) else [])


def seen(release: Release) -> str:
    """What somebody who confirms has seen: another once the release says something else."""
    content = json.dumps([getattr(release, name) for name in CONTENT], default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def draft_for(release: Release, by: User, *, seen_before: str, only: str = "", without: Collection[int] = ()) -> int:
    """Publishes it, where it was not yet, and queues a draft for each account of the audience that has none. Answers how many.

    Raises ReleaseError.
    """
    with transaction.atomic():
        # Whoever presses at the same time waits here, and finds nothing left to do.
        held: Release = Release.objects.select_for_update(no_key=True).get(pk=release.pk)
        if seen(held) != seen_before:
            raise ReleaseError("Nothing was drafted: the release was changed meanwhile. Look at it as it is now, then confirm again.")
        if not (held.is_published or by.leads):
            raise ReleaseError("Nothing was drafted: the release is not published yet. A manager publishes it.")
        now = timezone.now()
        if not held.is_published:
            held.is_published, held.published_at, held.published_by = True, now, by
            held.save(update_fields=["is_published", "published_at", "published_by"])
        people = Audience(held, by, only, without)
        if only and people.chosen is None:
            raise ReleaseError("Nothing was drafted: that reason matches no account any more.")
        return batches.queue(
            people.to_draft(),
            people.values(),
            tenant=held.tenant_id,
            communication_type=CommunicationType.RELEASE_NOTES,
            now=now,
            note=f"Drafted for release {held}"[:500],
            release=held.pk,
            by=by.pk,
        )


def retry_failed(release: Release, by: User) -> int:
    """Has those that failed written again, and no others. Answers how many."""
    values = {"release": release.pk, "by": by.pk, "owner": None if by.leads else by.pk, "now": timezone.now()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RETRY, values)
        (count,) = cursor.fetchone() or (0,)
        if count:
            transaction.on_commit(batches.tell_workers)
    return int(count)
