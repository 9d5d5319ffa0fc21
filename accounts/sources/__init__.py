"""The files that ticket systems export, a module a format: which columns they have and what their values mean; and what systems say in words."""

from accounts.ingest.mapping import Words
from accounts.sources import generic, jira, kayako, servicenow, zendesk
from accounts.sources.reading import Format

FORMATS: dict[str, Format] = {known.name: known for known in (servicenow.FORMAT, jira.FORMAT, zendesk.FORMAT, generic.FORMAT)}
# What each system's words mean by default.
WORDS: dict[str, Words] = {known.name: known.words for known in FORMATS.values()} | {"kayako": kayako.WORDS}
