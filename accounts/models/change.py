"""What tells caches that a portfolio is no longer what it was."""

from django.db import models

from accounts.models.people import Tenant


class PortfolioChange(models.Model):
    """A mark left, in the same transaction, by whatever changes what a portfolio page shows: a scan, an account, a name.

    Marks are only added, so that writers never wait for each other. `tamdash.context.Pulse` makes a version of them.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.tenant_id}.{self.pk}"
