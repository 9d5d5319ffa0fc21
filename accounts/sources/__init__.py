"""The files that ticket systems export, a module a format: which columns they have and what their values mean."""

from accounts.sources import generic, jira, servicenow, zendesk
from accounts.sources.reading import Format

FORMATS: dict[str, Format] = {known.name: known for known in (servicenow.FORMAT, jira.FORMAT, zendesk.FORMAT, generic.FORMAT)}
