"""What a roadmap preview found: kept once a person approved it, and in the stream for sales once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ChannelSettings, CoDevOpportunity
from accounts.notifications.events import OpportunityTold
from communications import drafts, opportunities, tasks
from communications.models import Communication, Generation
from tests import make
from tests.conftest import Cast
from tests.messages import Told
from tests.own_redis import OwnRedis
from tests.releasing import signed_in

STREAM = "tamdash:north:opportunities"
FIND = {"opportunity_name": "a sandbox of our own", "description": "Shape it together."}
TEXT = "<p>We could build a sandbox of our own together.</p>"


def preview(cast: Cast, *finds: dict[str, str], **values: Any) -> Communication:
    """A roadmap preview in review whose writer found these."""
    draft = make.draft(make.account(cast.tenant, cast.rep, name="Halden AG"), "roadmap_preview", **{"body_html": TEXT} | values)
    draft.generation = Generation.objects.create(
        communication=draft, context={}, answer={"co_dev_opportunities": list(finds)}, writer="offline"
    )
    draft.save()
    draft.revisions.update(generation=draft.generation)
    return draft


def names() -> list[str]:
    return list(CoDevOpportunity.objects.order_by("id").values_list("name", flat=True))


def test_a_find_is_kept_when_a_person_approves_and_not_before(cast: Cast) -> None:
    draft = preview(cast, FIND)
    assert names() == []
    make.approved(draft, cast.rep)
    row = CoDevOpportunity.objects.get()
    assert (row.account, row.name, row.description) == (draft.account, FIND["opportunity_name"], "Shape it together.")
    assert (row.status, row.draft_id, row.dispatched_to_sales) == ("surfaced", draft.pk, False)
    assert row.dispatch_at is not None


def test_an_approval_that_fails_keeps_none(cast: Cast) -> None:
    draft = preview(cast, FIND)
    with pytest.raises(drafts.DraftError):
        drafts.approve(draft, cast.rep, draft.version + 1)
    assert names() == []


def test_a_find_is_kept_once_whatever_its_case_and_however_often_it_is_approved(cast: Cast) -> None:
    draft = preview(cast, FIND, FIND | {"opportunity_name": "a SANDBOX  of our own"})
    make.approved(draft, cast.rep)
    drafts.save_text(draft, cast.rep, draft.version, recipients=draft.recipients, subject="Another", body_html=TEXT)
    make.approved(draft, cast.rep)
    assert names() == [FIND["opportunity_name"]]


def test_what_a_person_took_out_of_the_text_is_no_find(cast: Cast) -> None:
    draft = preview(cast, FIND, {"opportunity_name": "Unnamed in the text", "description": "Kept."})
    drafts.save_text(draft, cast.rep, draft.version, recipients=draft.recipients, subject="Hello", body_html="<p>Nothing yet.</p>")
    make.approved(draft, cast.rep)
    assert names() == ["Unnamed in the text"]


def test_other_types_find_nothing(cast: Cast) -> None:
    draft = preview(cast, FIND)
    Communication.objects.filter(pk=draft.pk).update(communication_type="health_checkin")
    draft.refresh_from_db()
    make.approved(draft, cast.rep)
    assert names() == []


def told_sales(redis: OwnRedis) -> list[OpportunityTold]:
    return [OpportunityTold.model_validate_json(fields["data"]) for _, fields in redis.entries(STREAM)]


def test_sales_is_told_once(cast: Cast, own_redis: OwnRedis) -> None:
    draft = make.approved(preview(cast, FIND), cast.rep)
    row = CoDevOpportunity.objects.get()
    for _ in range(2):
        tasks.tell_sales()
    [event] = told_sales(own_redis)
    assert (event.event_type, event.tenant_id, event.account_name) == ("co_dev_opportunity", "north", "Halden AG")
    assert (event.opportunity_name, event.status, event.draft_id) == (FIND["opportunity_name"], "surfaced", str(draft.pk))
    assert event.occurred_at == draft.approvals.get().at
    row.refresh_from_db()
    assert (row.dispatched_to_sales, row.dispatch_at) == (True, None)
    assert "told to sales" in signed_in(cast.rep).get(f"/accounts/{draft.account_id}/").content.decode()


def test_a_worker_that_died_after_telling_makes_it_no_second_time(cast: Cast, own_redis: OwnRedis) -> None:
    make.approved(preview(cast, FIND), cast.rep)
    row = opportunities.claim(timezone.now())
    assert row is not None
    opportunities.publish(row)
    CoDevOpportunity.objects.update(dispatched_to_sales=False, dispatch_at=timezone.now())  # as if it had not got so far
    tasks.tell_sales()
    assert len(told_sales(own_redis)) == 1
    assert CoDevOpportunity.objects.get().dispatched_to_sales


def test_who_has_claimed_it_is_left_alone_until_the_lease_is_over(cast: Cast, own_redis: OwnRedis) -> None:
    make.approved(preview(cast, FIND), cast.rep)
    now = timezone.now()
    assert opportunities.claim(now) is not None
    assert opportunities.claim(now) is None
    assert opportunities.claim(now + opportunities.LEASE) is not None


def test_while_redis_is_away_it_waits_longer_and_longer(cast: Cast, own_redis: OwnRedis) -> None:
    make.approved(preview(cast, FIND), cast.rep)
    own_redis.client.config_set("maxmemory", "1")  # it takes no writes
    try:
        tasks.tell_sales()
    finally:
        own_redis.client.config_set("maxmemory", "0")
    row = CoDevOpportunity.objects.get()
    assert row.dispatch_at is not None
    assert timedelta(seconds=20) < row.dispatch_at - timezone.now() <= timedelta(seconds=30)
    assert told_sales(own_redis) == []
    CoDevOpportunity.objects.update(dispatch_at=timezone.now())
    own_redis.client.flushall()
    tasks.tell_sales()
    assert len(told_sales(own_redis)) == 1


def test_a_switched_off_event_bus_holds_it_back_until_it_is_on(cast: Cast, own_redis: OwnRedis) -> None:
    channels = ChannelSettings.objects.create(tenant=cast.tenant, event_bus_enabled=False)
    make.approved(preview(cast, FIND), cast.rep)
    tasks.tell_sales()
    assert told_sales(own_redis) == []
    channels.event_bus_enabled = True
    channels.save()
    tasks.tell_sales()
    assert len(told_sales(own_redis)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_told_at_once(cast: Cast, told: Told) -> None:
    make.approved(preview(cast, FIND), cast.rep)
    assert ("communications.tasks.tell_sales", []) in told()
