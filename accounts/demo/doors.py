"""The demo's doors for other software: tokens that README.md prints, so that its lines work as they are. They open nothing elsewhere."""

from accounts import api_tokens
from accounts.hooks import tokens
from accounts.models import Tenant
from accounts.models.api import Scope


def open_doors(tenant: Tenant) -> None:
    token = api_tokens.of_text(api_tokens.DEMO_TOKEN)
    token.tenant, token.name, token.scopes = tenant, "README.md", list(Scope.values)
    token.save()
    for source, text in tokens.DEMO_TOKENS.items():
        tokens.make(tenant, source, token=text)
