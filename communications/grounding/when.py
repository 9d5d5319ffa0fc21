"""Dates, times and durations as people write them, and whether an instant is meant by them. Pure; weeks begin on Monday."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from communications.grounding.numbers import FIGURES, HUNDREDS, NUMBER, value

MONTHS = {
    name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAY = r"(?P<weekday>mon|tues?|wednes|thurs?|fri|satur|sun)day"
SHORT = r"(?:(?P<short>mon|tue|wed|thu|fri|sat|sun)\.?,? )"
DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
CLOCK = r"(?:(?:,? (?:at )?)(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d)(?! ?%)| ?(?P<half>am|pm)\b|(?::(?P<m2>[0-5]\d)) ?(?P<half2>am|pm))(?: (?:utc|cet|cest|gmt|est|local time))?)?"

DATES = (
    re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<mon>\d\d)-(?P<day>\d\d)\b" + CLOCK),
    re.compile(r"\b(?P<one>\d{1,2})[/.](?P<two>\d{1,2})[/.](?P<year>(?:19|20)?\d\d)\b" + CLOCK),
    re.compile(rf"(?:\b{WEEKDAY},? |\b{SHORT})?(?:the )?\b{DAY}(?: of)? {MONTH}(?:,? (?P<year>(?:19|20)\d\d))?\b" + CLOCK),
    re.compile(rf"(?:\b{WEEKDAY},? |\b{SHORT})?\b{MONTH} {DAY}\b(?!:)(?:,? (?P<year>(?:19|20)\d\d))?\b" + CLOCK),
)
MONTH_OF_YEAR = re.compile(rf"\b(?:(?:early|mid|late)[- ])?{MONTH} (?P<year>(?:19|20)\d\d)\b")
BARE_MONTH = re.compile(rf"\b(?:in|since|of|by|until|for|during|through|last|next|this)(?: (?:early|mid|late))? {MONTH}\b(?! \d)")
DAY_OF_MONTH = re.compile(r"\b(?:on|by|until|since|before|after) the (?P<day>[0-3]?\d)(?:st|nd|rd|th)\b")
QUARTER = re.compile(
    r"\bq(?P<quarter>[1-4])(?: (?P<year>(?:19|20)\d\d))?\b|\b(?:first|second|third|fourth) quarter of (?:(?:19|20)\d\d|next year)\b"
)
YEAR = re.compile(r"\b(?:19|20)\d\d\b(?![-/.]\d)")
BARE_WEEKDAY = re.compile(rf"\b(?:(?P<which>last|this|next|coming) )?{WEEKDAY}(?: (?:morning|afternoon|evening|noon|night))?\b" + CLOCK)
NEAR = re.compile(r"\b(?P<near>today|yesterday|tomorrow|the day before yesterday|the day after tomorrow|tonight|last night)\b" + CLOCK)
PERIOD = re.compile(
    r"\b(?P<which>last|this|next|coming|previous|past) (?P<unit>week(?:end)?|month|quarter|year|spring|summer|autumn|winter)\b"
)
TIME = re.compile(r"\b(?:at |around |since |until |by )?(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d)| ?(?P<half>am|pm)\b)")

UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "fortnight": 14 * 86400,
    "month": 30.44 * 86400,
    "year": 365.25 * 86400,
}
UNIT = r"(?:business |working |calendar |full |whole |more |long )?(?P<unit{0}>seconds?|secs?|minutes?|mins?|min|hours?|hrs?|h|days?|d|weeks?|fortnights?|months?|years?)\b"
AMOUNT = rf"(?:{FIGURES}|{HUNDREDS}|half an?|an?|a couple of|a dozen)"
DURATION = re.compile(
    rf"\b(?P<amount>{AMOUNT})(?:(?: ?- ?| to | or | and )(?P<upto>{NUMBER}))?[ -]?{UNIT.format('')}"
    rf"(?:,? and (?P<amount2>{AMOUNT})[ -]?{UNIT.format('2')})?(?: and a half)?"
)
VAGUE = re.compile(r"\b(?P<how>less than|under|within|more than|over|almost|nearly|about|around|at least|up to|some|roughly) (?:the )?$")


@dataclass(frozen=True)
class Meant:
    """What a date in a text may mean: any of some days, at a time of day if one is given."""

    days: frozenset[date]
    hour: int | None = None
    minute: int | None = None
    is_whole: bool = True  # False: all days of a longer stretch
    is_wrong: str = ""  # what is wrong with it in itself
    is_utc: bool = False

    def fits(self, moment: datetime) -> bool:
        moment = moment.astimezone(UTC) if self.is_utc else moment
        if moment.date() not in self.days:
            return False
        return self.hour is None or (moment.hour == self.hour and (self.minute is None or moment.minute == self.minute))


def clock(match: re.Match[str]) -> tuple[int | None, int | None]:
    parts = match.groupdict()
    if not parts.get("hour"):
        return None, None
    hour = int(parts["hour"])
    half = parts.get("half") or parts.get("half2")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    minute = parts.get("minute") or parts.get("m2")
    return hour, int(minute) if minute else None if half else 0


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def written_date(match: re.Match[str], today: date) -> Meant:
    """Of what one of DATES found. A date without a year is meant for the last year, this one or the next."""
    parts = match.groupdict()
    hour, minute = clock(match)
    years = (
        [int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)]
        if parts.get("year")
        else [today.year - 1, today.year, today.year + 1]
    )
    if parts.get("one"):
        one, two = int(parts["one"]), int(parts["two"])
        found = {day_of(years[0], two, one), day_of(years[0], one, two)}
    else:
        month = int(parts["mon"]) if parts.get("mon") else MONTHS[parts["month"][:3]]
        found = {day_of(year, month, int(parts["day"])) for year in years}
    days = frozenset(day for day in found if day)
    named = parts.get("weekday") or parts.get("short")
    if named:
        right = frozenset(day for day in days if WEEKDAYS[day.weekday()][:3] == named[:3])
        if not right and len(years) == 1:
            return Meant(days, hour, minute, is_wrong="That date is no such weekday.")
        days = right
    return Meant(days, hour, minute, is_wrong="" if days else "There is no such date.", is_utc=match[0].endswith((" utc", " gmt")))


def stretch(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=ahead) for ahead in range((last - first).days + 1))


def whole_month(year: int, month: int) -> frozenset[date]:
    first = date(year, month, 1)
    return stretch(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def month_meant(match: re.Match[str], today: date) -> Meant:
    month, year = MONTHS[match["month"][:3]], match.groupdict().get("year")
    years = [int(year)] if year else [today.year - 1, today.year, today.year + 1]
    return Meant(frozenset().union(*(whole_month(year, month) for year in years)), is_whole=False)


def day_of_month(match: re.Match[str], today: date) -> Meant:
    """“on the 14th”: of the last month, this one or the next."""
    near = (today.replace(day=1) - timedelta(days=1), today, today.replace(day=28) + timedelta(days=4))
    found = {day_of(month.year, month.month, int(match["day"])) for month in near}
    return Meant(frozenset(day for day in found if day))


def near_day(match: re.Match[str], today: date) -> Meant:
    ahead = {"yesterday": -1, "last night": -1, "tomorrow": 1, "the day before yesterday": -2, "the day after tomorrow": 2}
    return Meant(frozenset({today + timedelta(days=ahead.get(match["near"], 0))}), *clock(match))


def weekday_meant(match: re.Match[str], today: date) -> Meant:
    """The last one of that name, today's included, and with “last” the one before; the next one for what is to come."""
    number = next(n for n, name in enumerate(WEEKDAYS) if name.startswith(match["weekday"][:3]))
    back = (today.weekday() - number) % 7
    past, future = today - timedelta(days=back), today + timedelta(days=(number - today.weekday()) % 7)
    which = match["which"] or ""
    days = {past, future} if which != "last" else {past - timedelta(days=0 if back else 7), past - timedelta(days=7)}
    if which in ("next", "coming"):
        days = {future if future > today else future + timedelta(days=7), future + timedelta(days=7)}
    return Meant(frozenset(days), *clock(match))


def period_meant(match: re.Match[str], today: date) -> Meant | None:
    """The days of “last week” and the like; None for what has no clear bounds, or is not over."""
    which, unit = match["which"], match["unit"]
    if which not in ("last", "previous", "past"):
        return None
    monday = today - timedelta(days=today.weekday())
    if unit == "week":
        return Meant(stretch(monday - timedelta(days=7), monday - timedelta(days=1)), is_whole=False)
    if unit == "weekend":
        return Meant(stretch(monday - timedelta(days=2), monday - timedelta(days=1)), is_whole=False)
    if unit == "month":
        last = today.replace(day=1) - timedelta(days=1)
        return Meant(whole_month(last.year, last.month), is_whole=False)
    if unit == "year":
        return Meant(stretch(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)), is_whole=False)
    return None


@dataclass(frozen=True)
class Length:
    """A duration as written: from `low` to `high` of units of `unit` seconds, `rest` seconds on top; `how` it is hedged."""

    low: float
    high: float
    unit: float
    rest: float = 0
    rest_unit: float = 0
    how: str = ""

    def fits(self, seconds: float) -> bool:
        """Whether so many seconds are called so: in whole units that have passed, or rounded."""
        unit = self.rest_unit or self.unit
        said = (self.low * self.unit + self.rest) / unit
        real = seconds / unit
        if not said:
            return False
        if self.high != self.low:
            return self.low <= seconds / self.unit <= self.high + 1
        if self.how in ("more than", "over", "at least"):
            return said <= real < said * 1.5 + 1
        if self.how in ("less than", "under", "almost", "nearly", "up to", "within"):
            return said * 0.6 - 1 <= real <= said
        if self.unit >= UNITS["month"]:
            return int(real) == said or abs(real - said) < 0.2
        return said in (int(real), round(real)) or (said % 1 != 0 and abs(real - said) <= 0.26)


def seconds_of(unit: str) -> float:
    if unit == "d":
        return UNITS["day"]
    return next(
        seconds for name, seconds in UNITS.items() if name.startswith(unit.rstrip("s")) or (unit.startswith("h") and name == "hour")
    )


def amount(text: str) -> float:
    return {"half a": 0.5, "half an": 0.5, "a": 1, "an": 1, "a couple of": 2, "a dozen": 12}.get(text) or value(text)


def length(match: re.Match[str], before: str) -> Length:
    hedge = VAGUE.search(before)
    low = amount(match["amount"])
    more = amount(match["amount2"]) * seconds_of(match["unit2"]) if match["amount2"] else 0
    half = 0.5 if match[0].endswith("and a half") else 0
    return Length(
        low + half,
        value(match["upto"]) if match["upto"] else low + half,
        seconds_of(match["unit"]),
        more,
        seconds_of(match["unit2"]) if match["unit2"] else 0,
        hedge["how"] if hedge else "",
    )


def dates_in(words: str, today: date) -> Iterator[Meant]:
    """The dates that a record's own words name."""
    for pattern in DATES:
        for match in pattern.finditer(words.casefold()):
            yield written_date(match, today)
