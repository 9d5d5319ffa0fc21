"""Where a sync stands, and what it asks next. Pure, so that what a moving Jira can do to it is tested.

Issues change while their pages are read, and each change moves an issue to the end: by offset alone, its neighbours would slip into the
page before and be missed. So each page asks anew for what changed since the minute that the page before ended in. Within a minute that
one page does not hold, offsets overlap by one issue, the anchor: where it is no longer in its place, the minute is read again. In the
Cloud, its own tokens lead through such a minute.

JQL knows minutes only, in the time zone of the user who asks. An hour that the clock goes through twice is asked for from its first
time on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from accounts.models.people import time_zones
from accounts.sources.payload import instant, part, text

FORM = "%Y-%m-%d %H:%M"
HOUR = timedelta(hours=1)


class Place(BaseModel):
    """Where to go on. `began`: the sync's own start by Jira's clock. `again`: issues of the page that the one before it had already."""

    began: AwareDatetime
    zone: str = ""
    since: AwareDatetime | None = None
    offset: int = 0
    anchor: str = ""
    token: str = ""
    again: int = 0

    def at(self, since: datetime, again: int) -> "Place":
        return Place(began=self.began, zone=self.zone, since=since, again=again)


@dataclass(frozen=True)
class Found:
    """A page of issues, those that changed longest ago first. `token`: the Cloud's way to the next; `total`: where Server counts."""

    issues: Sequence[Mapping[str, object]]
    is_last: bool
    token: str = ""
    total: int | None = None


def query(jql: str, place: Place) -> str:
    since = f' AND updated >= "{moment(place.since, zone_of(place.zone))}"' if place.since else ""
    return f"({jql}){since} ORDER BY updated ASC, key ASC"


def zone_of(name: str) -> tzinfo:
    """The user's time zone; where that is not known the westmost, whose clock is behind all others: it asks for more, never less."""
    return ZoneInfo(name) if name in time_zones() else ZoneInfo("Etc/GMT+12")


def moment(at: datetime, zone: tzinfo) -> str:
    """The latest minute of that zone which is not after `at`, however it is read."""
    local = at.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    while any(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) > at for fold in (0, 1)):
        local -= HOUR
    return local.strftime(FORM)


def has_slipped(place: Place, found: Found) -> bool:
    """Whether issues moved away in front of this page, so that some are in no page."""
    return bool(place.anchor) and (not found.issues or key_of(found.issues[0]) != place.anchor)


def following(place: Place, found: Found) -> Place | None:
    """The place after that page; None where nothing is left."""
    if has_slipped(place, found):
        return place.model_copy(update={"offset": 0, "anchor": "", "again": 0})
    if found.is_last or not found.issues:
        return None
    last, zone = updated_at(found.issues[-1]), zone_of(place.zone)
    if last and (place.since is None or moment(last, zone) > moment(place.since, zone)):
        again = sum(moment(at, zone) >= moment(last, zone) for issue in found.issues if (at := updated_at(issue)))
        return place.at(last, again)
    if found.token:
        return place.model_copy(update={"token": found.token, "again": 0})
    step = max(len(found.issues) - 1, 1)  # a page of one issue has no anchor
    anchor = key_of(found.issues[-1]) if step < len(found.issues) else ""
    return place.model_copy(update={"offset": place.offset + step, "anchor": anchor, "again": 1 if anchor else 0})


def key_of(issue: Mapping[str, object]) -> str:
    return text(issue.get("key"))


def updated_at(issue: Mapping[str, object]) -> datetime | None:
    """None where Jira says it in a way nobody can read."""
    try:
        return instant(part(issue, "fields", "updated"), "Updated")
    except ValueError:
        return None
