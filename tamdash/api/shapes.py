"""What the shapes of the API have in common: strict in what comes in, and pages of what goes out."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from communications.work.words import problems
from tamdash.api.problems import Issue, Problem

T = TypeVar("T")
MOST_ON_A_PAGE = 200
MOST_IN_WORDS = 5
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def as_text(given: object) -> object:
    """A number could be seconds or milliseconds."""
    if isinstance(given, datetime) or (isinstance(given, str) and ISO_DATE.match(given)):
        return given
    raise ValueError("must be a text such as 2026-11-21T14:05:00Z")


def in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the years 1 to 9999 in UTC") from error


def readable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


# A naive one is refused at this door: two systems would mean two instants by it.
Instant = Annotated[AwareDatetime, BeforeValidator(as_text), AfterValidator(in_utc)]
Text = Annotated[str, AfterValidator(readable)]


class Given(BaseModel):
    """What comes in: a name that is not known is a slip."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Asked(Given):
    """The parameters of an address. One that is not known is refused: a filter with a slip in its name would let all through."""

    @model_validator(mode="after")
    def all_known(self, info: ValidationInfo) -> Self:
        request = (info.context or {}).get("request")
        unknown = sorted(set(request.GET) - set(type(self).model_fields)) if request else []
        if unknown:
            wrong = [Issue(detail="There is no such parameter.", parameter=name) for name in unknown]
            raise Problem("invalid", "The address has a parameter that is not known.", issues=wrong)
        return self


class PageAsked(Asked):
    limit: int = Field(default=50, ge=1, le=MOST_ON_A_PAGE, description="Entries a page.")
    cursor: str | None = Field(default=None, min_length=1, max_length=1000, description="The `next_cursor` of the page before.")

    def page(self, rows: Sequence[Any]) -> tuple[Sequence[Any], bool]:
        """Of one row more than the page holds: the page, and whether more follow."""
        return rows[: self.limit], len(rows) > self.limit


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Where the next page begins, for `cursor`. Null: this is the last.")


def cursor_of(*place: str) -> str:
    return base64.urlsafe_b64encode("\n".join(place).encode()).decode().rstrip("=")


def place_of(cursor: str, parts: int) -> list[str]:
    """What `cursor_of` was given. Raises Problem for what no page gave out."""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\n", parts - 1)
    except (ValueError, binascii.Error):
        raise bad_cursor() from None
    if len(place) != parts or "\0" in "".join(place):
        raise bad_cursor()
    return place


def bad_cursor() -> Problem:
    wrong = Issue(detail="It is none that a page gave out. Begin again without one.", parameter="cursor")
    return Problem("invalid", "The cursor is not valid.", issues=[wrong])


def in_words(error: ValidationError) -> str:
    """What is wrong with one thing of many, on a line."""
    return "; ".join(problems(error)[:MOST_IN_WORDS])


def text_at(given: object, name: str) -> str | None:
    """What one thing of many calls itself, as far as it gave a text."""
    found = given.get(name) if isinstance(given, dict) else None
    return found if isinstance(found, str) else None
