"""What tells caches that a portfolio is no longer what it was."""

from django.db import models

from accounts.models.people import Tenant


class PortfolioChange(models.Model):
    """A mark left, in the same transaction, by whatever changes what a portfolio page shows: a scan, an account, a name.

    Rows are only added, so that writers never wait for each other. Both the highest id and the number of rows make the version:
    of two transactions that overlap, the one with the lower id may become visible later.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.tenant_id}.{self.pk}"
