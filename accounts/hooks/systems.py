"""The systems whose webhooks are understood: how each signs, and how its events are read."""

from dataclasses import dataclass

from accounts.hooks import signatures
from accounts.hooks.signatures import Signature
from accounts.sources import generic_hook, jira_hook, kayako_hook, zendesk_hook
from accounts.sources.told import Read


@dataclass(frozen=True)
class System:
    read: Read
    signature: Signature


SYSTEMS = {
    "jira": System(jira_hook.read, signatures.JIRA),
    "zendesk": System(zendesk_hook.read, signatures.ZENDESK),
    "kayako": System(kayako_hook.read, signatures.OURS),
    "generic": System(generic_hook.read, signatures.OURS),
}
