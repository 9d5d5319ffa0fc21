"""The versions of a draft: reading one, and comparing any two."""

from dataclasses import dataclass

from django.http import HttpRequest

from communications import changes
from communications.changes import Changes
from communications.models import CommunicationRevision


@dataclass(frozen=True)
class Chosen:
    """The older version that the URL asks for; with `newer` and `changes`, what became of it there."""

    older: CommunicationRevision | None = None
    newer: CommunicationRevision | None = None
    changes: Changes | None = None


def chosen(request: HttpRequest, revisions: list[CommunicationRevision]) -> Chosen:
    """`?revision=1` reads version 1, `&compare` sets it beside the current one and `&compare=2` beside version 2, in either order."""
    numbered = {str(revision.number): revision for revision in revisions}
    one = numbered.get(request.GET.get("revision", ""))
    if one is None:
        return Chosen()
    if "compare" not in request.GET:
        return Chosen(one) if one != revisions[0] else Chosen()
    other = numbered.get(request.GET["compare"], revisions[0])
    older, newer = sorted((one, other), key=lambda revision: revision.number)
    return Chosen(older, newer, changes.between(older, newer)) if older != newer else Chosen(one if one != revisions[0] else None)
