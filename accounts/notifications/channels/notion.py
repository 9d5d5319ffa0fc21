"""The account's page in Notion, and the relationship profile below it."""

import re
import uuid
from collections.abc import Iterator

from django.utils import timezone
from pydantic import BaseModel

from accounts.notifications.channels import ChannelError
from accounts.notifications.channels.notion_api import Calls, Missing, Refused, connected
from accounts.notifications.channels.notion_blocks import batches, blocks
from accounts.notifications.content import outside
from accounts.schemas import RelationshipProfile

TITLE = "Technical Relationship Profile"
BEING_WRITTEN = f"{TITLE} (being written)"
ACCOUNT_ID = "Account ID"  # the property of a data source's pages by which an account's page is found
LONGEST_DETAIL = 300
OLDEST_FIRST = [{"timestamp": "created_time", "direction": "ascending"}]
HEALTH = {"Health Score": ("number",), "Health Status": ("select", "status"), "Last Health Scan": ("date",)}


class Text(BaseModel):
    plain_text: str = ""


class Property(BaseModel):
    """Of a page or, without a value, of a data source."""

    type: str
    rich_text: list[Text] | dict[str, object] = []
    title: list[Text] | dict[str, object] = []

    @property
    def text(self) -> str:
        return "".join(piece.plain_text for pieces in (self.rich_text, self.title) if isinstance(pieces, list) for piece in pieces)


class Page(BaseModel):
    id: str
    url: str = ""
    in_trash: bool = False
    properties: dict[str, Property] = {}


class DataSource(BaseModel):
    properties: dict[str, Property]


class Pages(BaseModel):
    results: list[Page]


class ChildPage(BaseModel):
    title: str


class Child(BaseModel):
    id: str
    child_page: ChildPage | None = None


class Children(BaseModel):
    results: list[Child]
    next_cursor: str | None = None


class Workspace(BaseModel):
    workspace_name: str | None = None


class Bot(BaseModel):
    name: str | None = None
    bot: Workspace = Workspace()


def check(token: str) -> str:
    """Whom Notion takes the token's holder for. Raises ChannelError."""
    with connected(token) as notion:
        me = notion.ask("GET", "users/me", Bot)
    return outside(
        f"Connected as {me.name or 'an integration'}{f' of {me.bot.workspace_name}' if me.bot.workspace_name else ''}", LONGEST_DETAIL
    )


def update(token: str, profile: RelationshipProfile, data_source: str) -> tuple[str, str]:
    """Writes health and profile to the account's page, made in the data source if it has none. Answers the page's id, and where that is.

    To be called by one at a time for an account. Any number of times, also when cut short anywhere, ends in one page with one profile;
    until the new profile is whole, readers have the old one. Raises ChannelError.
    """
    with connected(token) as notion:
        page = known_page(notion, profile.profile_page_id) if profile.profile_page_id else page_in(notion, identifier(data_source), profile)
        write_health(notion, page, profile)
        write_profile(notion, page.id, profile)
    return page.id, outside(f"The account's page in Notion, {page.url}" if page.url else "The account's page in Notion", LONGEST_DETAIL)


def identifier(typed: str) -> str:
    """The id in what people type: with dashes, without, or the address of a page. Raises ChannelError."""
    beside = re.search(r"[?&]p=([^&#]*)", typed)  # a page opened beside its database; elsewhere the id ends the path, after the title
    place = beside.group(1) if beside else re.split(r"[?#]", typed.strip())[0].rstrip("/").rsplit("/", 1)[-1]
    found = re.search(r"(?:^|-)([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", place.lower())
    if not found:
        raise ChannelError(
            f"“{typed[:80]}” is not the id of a Notion page. An admin can copy the page's link into the account.", permanent=True
        )
    return str(uuid.UUID(found.group(1)))


def known_page(notion: Calls, typed: str) -> Page:
    page_id = identifier(typed)
    try:
        page = notion.ask("GET", f"pages/{page_id}", Page)
    except Missing:
        raise ChannelError(
            f"Notion has no page {page_id}, or it is not shared with the integration. "
            "In Notion, add the integration to the page's connections; or correct the page in the account here.",
            permanent=True,
        ) from None
    if page.in_trash:
        raise ChannelError(f"The page {page_id} is in Notion's trash. Restore it, or correct the page in the account here.", permanent=True)
    return page


def page_in(notion: Calls, source_id: str, profile: RelationshipProfile) -> Page:
    """The account's page of the data source: an earlier attempt may have made one, and died before anybody knew."""
    try:
        source = notion.ask("GET", f"data_sources/{source_id}", DataSource)
    except Missing:
        raise ChannelError(
            "Notion has no such data source, or it is not shared with the integration. "
            "In Notion, add the integration to the database's connections, and copy the id of the data source, not of the database.",
            permanent=True,
        ) from None
    demand(source.properties, HEALTH | {ACCOUNT_ID: ("rich_text", "title")}, "The data source")
    kind = source.properties[ACCOUNT_ID].type
    query = {"filter": {"property": ACCOUNT_ID, kind: {"equals": profile.account_id}}, "sorts": OLDEST_FIRST}
    for page in notion.ask("POST", f"data_sources/{source_id}/query", Pages, query).results:
        if ACCOUNT_ID in page.properties and page.properties[ACCOUNT_ID].text == profile.account_id and not page.in_trash:
            return page
    title = next((name for name, given in source.properties.items() if given.type == "title"), "title")
    named = {title: text_of("title", profile.account_name or profile.account_id)} | {ACCOUNT_ID: text_of(kind, profile.account_id)}
    parent = {"type": "data_source_id", "data_source_id": source_id}
    return notion.ask("POST", "pages", Page, {"parent": parent, "properties": named})


def demand(found: dict[str, Property], wanted: dict[str, tuple[str, ...]], whose: str) -> None:
    """That all of these properties are there, each of a kind that fits. Raises ChannelError."""
    faults = [
        f"“{name}” is {f'of the kind {found[name].type}' if name in found else 'missing'} and must be a {' or '.join(kinds)}"
        for name, kinds in wanted.items()
        if name not in found or found[name].type not in kinds
    ]
    if faults:
        raise ChannelError(f"{whose} in Notion lacks properties: {'; '.join(faults)}. Add or change them there.", permanent=True)


def write_health(notion: Calls, page: Page, profile: RelationshipProfile) -> None:
    demand(page.properties, HEALTH, "The account's page")
    if profile.health_score is None:
        return
    kind = page.properties["Health Status"].type
    values = {
        "Health Score": {"number": profile.health_score},
        "Health Status": {kind: {"name": profile.health_rag}},
        "Last Health Scan": {
            "date": {"start": profile.last_health_scan.isoformat(timespec="seconds")} if profile.last_health_scan else None
        },
    }
    try:
        notion.ask("PATCH", f"pages/{page.id}", Page, {"properties": values})
    except Refused as refusal:
        # Of the three, only the options of a status cannot be made by writing them.
        hint = "The status “Health Status” needs the options Green, Amber and Red. " if kind == "status" else ""
        raise ChannelError(f"{hint}{refusal}", permanent=True) from None


def write_profile(notion: Calls, page_id: str, profile: RelationshipProfile) -> None:
    """A new page beside the old one, which leaves once the new one is whole and has its title."""
    before = list(children(notion, page_id))
    for half in before:
        if half.child_page and half.child_page.title == BEING_WRITTEN:
            trash(notion, half.id)
    first, *rest = batches(blocks(profile, timezone.now()))
    parent = {"type": "page_id", "page_id": page_id}
    new = notion.ask("POST", "pages", Page, {"parent": parent, "properties": {"title": text_of("title", BEING_WRITTEN)}, "children": first})
    try:
        for batch in rest:
            notion.ask("PATCH", f"blocks/{new.id}/children", Children, {"children": batch})
        notion.ask("PATCH", f"pages/{new.id}", Page, {"properties": {"title": text_of("title", TITLE)}})
    except (Missing, Refused) as fault:
        if isinstance(fault, Missing) or "archived" in str(fault):
            raise ChannelError("Somebody removed the profile in Notion while it was being written.", permanent=False) from None
        raise
    for old in before:
        if old.child_page and old.child_page.title == TITLE:
            trash(notion, old.id)


def children(notion: Calls, page_id: str) -> Iterator[Child]:
    cursor = ""
    while True:
        found = notion.ask("GET", f"blocks/{page_id}/children?page_size=100{f'&start_cursor={cursor}' if cursor else ''}", Children)
        yield from found.results
        if not found.next_cursor:
            return
        cursor = found.next_cursor


def trash(notion: Calls, page_id: str) -> None:
    """To where people can still get it back from. Somebody may have been quicker."""
    try:
        notion.ask("PATCH", f"pages/{page_id}", Page, {"in_trash": True})
    except Missing:
        return


def text_of(kind: str, text: str) -> dict[str, object]:
    return {kind: [{"type": "text", "text": {"content": text}}]}
