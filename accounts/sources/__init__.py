"""What ticket systems say in words, a module a system; and the files they export: which columns they have and what their values mean."""

from accounts.ingest.mapping import Mapping, Words
from accounts.models import SourceMapping, Tenant
from accounts.sources import generic, jira, kayako, servicenow, zendesk
from accounts.sources.reading import Format

FORMATS: dict[str, Format] = {known.name: known for known in (servicenow.FORMAT, jira.FORMAT, zendesk.FORMAT, generic.FORMAT)}
# What each system's words mean by default.
WORDS: dict[str, Words] = {known.name: known.words for known in FORMATS.values()} | {"kayako": kayako.WORDS}


def mapping_of(tenant: Tenant, source: str) -> Mapping:
    """How the tenant reads the source's words, in one query."""
    own = SourceMapping.objects.filter(tenant=tenant, source=source).first()
    words = WORDS[source]
    return Mapping(words, own.priorities, own.statuses, tuple(own.account_by)) if own else Mapping(words)
