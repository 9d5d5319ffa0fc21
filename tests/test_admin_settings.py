"""What an admin sets for the whole tenant."""

from django.test import Client

from accounts.models import Tenant
from tests.conftest import Cast
from tests.test_admin import address, client

__all__ = ["client"]  # a fixture


def test_the_tenants_own_settings_are_checked(cast: Cast, client: Client) -> None:
    page = address(Tenant, "change", cast.tenant.pk)
    shown = client.get(page).context["adminform"].form.initial
    values = shown | {"name": "Northern", "time_zone": "Europe/Oslo", "working_from": "09:00", "working_until": "17:30"}
    office = {"working_days": ["Mon", "Tue"], "red_due_hours": "2", "closed_on": "2026-12-25\n2026-12-26"}

    def refusal(**wrong: object) -> str:
        return client.post(page, values | wrong).content.decode()

    assert "greater than or equal to 1" in refusal(red_due_hours="-1")
    assert "Select a valid choice" in refusal(time_zone="Mars/Olympus")
    assert "an hour or more after start" in refusal(**office | {"working_until": "09:30"})
    assert "“Christmas” is not a date" in refusal(**office | {"closed_on": "Christmas"})
    assert client.post(page, values | office).status_code == 302
    cast.tenant.refresh_from_db()
    assert cast.tenant.settings == {
        "red_due_hours": 2,
        "working_hours": {"days": ["Mon", "Tue"], "start": "09:00:00", "end": "17:30:00", "closed_on": ["2026-12-25", "2026-12-26"]},
    }
    shown_again = client.get(page).context["adminform"].form.initial
    assert client.post(page, values | shown_again | {"working_days": []}).status_code == 302
    cast.tenant.refresh_from_db()
    assert cast.tenant.settings == {"red_due_hours": 2}, "around the clock"


def test_the_tenants_slug_stays(cast: Cast, client: Client) -> None:
    page = address(Tenant, "change", cast.tenant.pk)
    values = client.get(page).context["adminform"].form.initial | {"name": "Northern", "time_zone": "Europe/Oslo"}
    assert client.post(page, values | {"slug": "south"}).status_code == 302
    cast.tenant.refresh_from_db()
    assert (cast.tenant.name, cast.tenant.slug, cast.tenant.time_zone) == ("Northern", "north", "Europe/Oslo")
    assert client.get(address(Tenant, "add")).status_code == 403
