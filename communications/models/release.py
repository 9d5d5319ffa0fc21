"""What customers are told about the product: releases, and what is planned."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Tenant, User
from accounts.models.people import TenantQuerySet


def lines() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=300), default=list, blank=True)


class Release(models.Model):
    """A version of the product that customers are told about."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40)
    released_on = models.DateField()
    features = lines()
    fixes = lines()
    breaking_changes = lines()
    affected_integrations = lines()
    affected_features = lines()
    affected_environments = lines()
    is_published = models.BooleanField("published", default=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-released_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "version"], name="one_release_per_version")]

    def __str__(self) -> str:
        return self.version


class RoadmapItem(models.Model):
    """Something planned that a customer may be told about, with its horizon in words, such as “Q1 2027”."""

    class Status(models.TextChoices):
        EXPLORING = "exploring", "Exploring"
        PLANNED = "planned", "Planned"
        BUILDING = "building", "Building"
        SHIPPED = "shipped", "Shipped"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="roadmap_items")
    title = models.CharField(max_length=160)
    description = models.TextField(max_length=2000, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PLANNED)
    horizon = models.CharField(max_length=40)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["horizon", "title"]
        constraints = [models.UniqueConstraint(fields=["tenant", "title"], name="one_roadmap_item_per_title")]

    def __str__(self) -> str:
        return self.title
