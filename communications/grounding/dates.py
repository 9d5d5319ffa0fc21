"""Rules for dates, times and durations."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from communications.grounding import when
from communications.grounding.reading import Sentence
from communications.grounding.records import Record, content
from communications.grounding.scene import Scene
from communications.grounding.when import Length, Meant

# A proposal claims nothing; a promise does, whatever it is wrapped in.
PROPOSES = re.compile(
    r"\b(?:could|would|shall|suggest|propose|how about|what about|let us|let's|may i|can we|can you|could you|if you|please|happy to|prefer|suits?|"
    r"do you|are you|before you|tell me|let me know|free on|available on|would like|wish|want to|hope|plan to talk|set aside|i'd|ask)\b"
)
PROMISES = re.compile(
    r"\b(?:will|'ll|guarantee[sd]?|promise[sd]?|commit(?:ted|ment)?|ships?|deliver(?:s|ed|y)?|deadline|due|is set|are set|goes live|go live|rolls? out|"
    r"takes effect|ends?|expires?|planned for|scheduled|at the latest|answer|respond|reach you|be there|back by|have it)\b"
)
MEETING = re.compile(
    r"\b(?:call|meet(?:ing)?|talk|session|slot|go through|walk|together|of your time|calendar|spare|give me|take you|speak|chat|workshop|demo|show it|show you|set aside|"
    r"available|free|coffee|look at it with|conversation|sit down|catch up|discuss|first step|see whether)\b"
)
TALK = re.compile(
    r"\b(?:told|said|spoke|talk(?:ed)?|call(?:ed)?|agreed|mentioned|wrote|sent|discussed|met|meeting|check-in|review|message|mail|conversation|asked|last (?:heard|contact))\b"
)
BEAT = re.compile(
    r"\b(?:nothing has reached us|integration (?:last )?reported|sign of life|heartbeats?|signals?|silent|silence|heard (?:nothing|from)|reported to us|last reported|stopped reporting|not reported|no data|reporting|reports? to us)\b"
)
OPENED = re.compile(
    r"\b(?:opened|reported|raised|came in|filed|created|dates? from|since|logged|received|waiting|waited|old|open|age|oldest|with us)\b"
)
COMES = re.compile(r"\b(?:back|fixed|ready|done|ends?|comes|resumes?|restored|again|finished|complete)\b[^.;]*$")
AHEAD = re.compile(r"\b(?:in|within|another|after|takes?|needs?|(?<!the )lasts?|ends in|ready in)(?: about| another| the next| some)? $")
HAPPENED = re.compile(r"\b(?:opened|reported|raised|came in|filed|created|dates? from|since|resolved|closed|released)\b[^,;]*$")
CHECKED = re.compile(r"\b(?:scan|check|checked|score|health)\b")
OUT = re.compile(r"\b(?:released?|came out|comes out|is out|available|ships?)\b")
IN_USE = re.compile(r"\b(?:integration|in use|connected|running|served|live|active)\b")
SOON = timedelta(days=120)  # a proposal is about the coming weeks
HARMLESS = re.compile(r"\b24/7\b|\b24 ?x ?7\b|\b365 days\b|\bnine to five\b|\bround the clock\b|\bat any time\b")
AGO = re.compile(r"^(?: ago| old| earlier| before| of silence)\b|^-old\b")


def dates(sentence: Sentence, scene: Scene) -> None:
    for match in sentence.find(HARMLESS):
        sentence.take(*match.span())
    today = scene.records.today
    for match, meant in readings(sentence, today):
        if not sentence.is_free(*match.span()):
            continue
        sentence.take(*match.span())
        if meant is not None:
            judge_date(sentence, scene, match, meant)
        elif (
            match[0].startswith("next")
            and PROMISES.search(sentence.folded)
            and not sentence.is_question
            and not PROPOSES.search(sentence.folded)
        ):
            scene.flag("date", *match.span(), "No record holds a date for this promise.")
    for match in sentence.find(when.TIME):
        judge_time(sentence, scene, match)


def readings(sentence: Sentence, today: date) -> Iterator[tuple[re.Match[str], Meant | None]]:
    """What is written as a date, the longest forms first; None for a stretch without clear bounds."""
    for pattern in when.DATES:
        for match in sentence.find(pattern):
            yield match, when.written_date(match, today)
    for match in sentence.find(when.MONTH_OF_YEAR):
        yield match, when.month_meant(match, today)
    for match in sentence.find(when.QUARTER):
        yield match, Meant(frozenset(), is_whole=False)
    for match in sentence.find(when.BARE_WEEKDAY):
        yield match, when.weekday_meant(match, today)
    for match in sentence.find(when.NEAR):
        yield match, when.near_day(match, today)
    for match in sentence.find(when.BARE_MONTH):
        yield match, when.month_meant(match, today)
    for match in sentence.find(when.PERIOD):
        yield match, when.period_meant(match, today)
    for match in sentence.find(when.DAY_OF_MONTH):
        yield match, when.day_of_month(match, today)
    for match in sentence.find(when.YEAR):
        year = int(match[0])
        yield match, Meant(when.stretch(date(year, 1, 1), date(year, 12, 31)), is_whole=False)


def judge_date(sentence: Sentence, scene: Scene, match: re.Match[str], meant: Meant) -> None:
    start, end = match.span()
    today = scene.records.today
    if meant.is_wrong:
        scene.flag("date", start, end, meant.is_wrong)
        return
    if meant.days == {today} and meant.hour is None and not HAPPENED.search(sentence.folded[max(0, start - 40) : start]):
        return  # “today” alone claims nothing
    allowed = in_question(sentence, scene, start, end)
    if COMES.search(sentence.folded[max(0, start - 40) : start]):
        allowed = [record for record in allowed if record.role in ("release", "roadmap", "history", "wish", "environment")]
    held = [record for record in allowed if says_when(record, meant, match[0], scene)]
    if held:
        own = [record for record in held if any(one.record is record for one in scene.named)]
        scene.judge("date", start, end, own or held, "No record names this date.")
        return
    ahead = not meant.days or max(meant.days) >= today
    promise = PROMISES.search(sentence.folded)
    proposes = sentence.is_question or (PROPOSES.search(sentence.folded) and not promise)
    if ahead and proposes and meant.days and min(meant.days) <= today + SOON:
        return
    if ahead and "week" in match[0] and not promise:
        return
    scene.flag("date", start, end, "No record names this date." if not (ahead and promise) else "No record holds a date for this promise.")


def in_question(sentence: Sentence, scene: Scene, start: int, end: int) -> list[Record]:
    """The records that a date in the sentence may come from: those that it names, or that its words are about; else all."""
    text = sentence.folded
    about: list[Record] = []
    named = [one.record for one in scene.named if one.record.role not in ("person", "rep", "account", "environment", "feature")]
    records = scene.records
    tickets = scene.ticket_of(sentence, start, end)
    if tickets:
        about += tickets
    about += [record for record in named if record.role != "ticket"]
    if TALK.search(text):
        about += records.of("history")
        if not tickets or not OPENED.search(text):
            return [r for r in about if r.role != "ticket"] + records.of("wish")
    if BEAT.search(text):
        about += records.of("heartbeat")
    if CHECKED.search(text):
        about += records.of("health")
    if OUT.search(text):
        about += records.of("release")
    if OPENED.search(text) and not tickets and not named:
        about += records.tickets
    if IN_USE.search(text) and not named:
        about += records.of("integration")
    if about:
        roles = (
            ("release", "history", "wish", "environment")
            if scene.others("roadmap")
            else ("release", "roadmap", "history", "wish", "environment")
        )
        return about + [r for r in records.of(*roles) if r not in about]
    return records.all


def says_when(record: Record, meant: Meant, words: str, scene: Scene) -> bool:
    if meant.is_utc:
        return any(meant.fits(moment) for moment in record.moments)
    if meant.days & record.all_days and (meant.hour is None or any(meant.fits(moment) for moment in record.moments)):
        return True
    if record.source.key in scene.suspicious or not (record.is_ours or record.role in ("history", "ticket")):
        return False
    if scene.records.holding(words.removeprefix("in ").removeprefix("since "), [record]):
        return True
    if meant.hour is not None or not meant.days:
        return False
    return any(inner.days & meant.days for inner in when.dates_in(record.words, scene.records.today))


def judge_time(sentence: Sentence, scene: Scene, match: re.Match[str]) -> None:
    start, end = match.span()
    sentence.take(start, end)
    if sentence.is_question or (PROPOSES.search(sentence.folded) and not PROMISES.search(sentence.folded)):
        return
    hour, minute = when.clock(match)
    held = [
        r
        for r in in_question(sentence, scene, start, end)
        if any(m.hour == hour and (minute is None or m.minute == minute) for m in r.moments)
    ]
    scene.judge(
        "time",
        start,
        end,
        held or scene.records.holding(match[0], scene.records.of("release", "roadmap", "wish")),
        "No record names this time.",
    )


def durations(sentence: Sentence, scene: Scene) -> None:
    text = sentence.folded
    for match in sentence.find(when.DURATION):
        start, end = match.span()
        if match["unit"] in ("d", "h", "min", "sec", "secs", "mins", "hrs", "hr") and not match["amount"][:1].isdigit():
            continue
        length = when.length(match, text[:start])
        sentence.take(start, end)
        held = lasting(sentence, scene, match, length)
        if held:
            scene.judge("duration", start, end, held, "No record holds this span of time.")
        elif told := told_by(sentence, scene, match):
            scene.judge("duration", start, end, told, "No record holds this span of time.")
        elif not is_harmless(sentence, match, length):
            scene.flag("duration", start, end, wrong_length(sentence, scene, start, end))


def told_by(sentence: Sentence, scene: Scene, match: re.Match[str]) -> list[Record]:
    """Tickets that speak of the same span in the same words: two of them at least."""
    if AGO.match(sentence.folded[match.end() :]) or PROMISES.search(sentence.folded):
        return []
    said = content(sentence.text)
    return [
        r
        for r in scene.trusted
        if r.role == "ticket" and scene.records.holding(match[0], [r]) and len(said & content(r.row.get("subject") or "")) >= 4
    ]


def wrong_length(sentence: Sentence, scene: Scene, start: int, end: int) -> str:
    tickets = scene.ticket_of(sentence, start, end)
    if len(tickets) == 1 and tickets[0].is_current:
        return f"{tickets[0].row['ticket_id']} was {float(tickets[0].row['age_days']):.0f} days old when this was written."
    return "No record holds this span of time."


def is_harmless(sentence: Sentence, match: re.Match[str], length: Length) -> bool:
    """Time for a call or to read this, and a span within a question or a proposal."""
    text = sentence.folded
    short = length.low * length.unit <= 2 * 3600
    if short and (MEETING.search(text) or sentence.is_question):
        return True
    if AGO.match(text[match.end() :]):
        return False
    promises = PROMISES.search(text) or re.search(r"\bwithin (?:the next )?$", text[: match.start()])
    if sentence.is_question and not promises:
        return True
    coming = re.search(r"\b(?:coming|next) $", text[: match.start()]) or match["amount"] in ("a", "an")
    return bool(coming and PROPOSES.search(text) and not promises) or bool(
        re.search(r"\b(?:once|twice|times) $|\bper $|\bevery $", text[: match.start()])
    )


def lasting(sentence: Sentence, scene: Scene, match: re.Match[str], length: Length) -> list[Record]:
    """The records that have lasted, or lie back, so long."""
    start, end = match.span()
    text, after = sentence.clause(start, end), sentence.folded[end:]
    records, now = scene.records, scene.records.now
    words = sentence.folded[max(0, start - 14) : end]
    literal = [r for r in records.all if (r.is_ours or r.role == "history") and records.holding(match[0], [r])]
    if AHEAD.search(sentence.folded[:start]) and not AGO.match(after):
        return literal
    tickets = scene.ticket_of(sentence, start, end)
    if re.search(r"\b(?:resolved|closed|last|past)\b", text) and length.low == 90 and length.unit == when.UNITS["day"]:
        return [r for r in records.tickets if not r.is_current] or records.of("account")
    if "oldest" in text and not tickets:
        ages = [r for r in records.tickets if r.is_current]
        oldest = max(ages, key=lambda r: float(r.row["age_days"]), default=None)
        urgent = max((r for r in ages if r.row["priority"] in ("P1", "P2")), key=lambda r: float(r.row["age_days"]), default=None)
        return literal + [r for r in (oldest, urgent) if r and length.fits(float(r.row["age_days"]) * 86400)]
    if BEAT.search(text) and not (tickets and OPENED.search(words)):
        return literal + [r for r in records.of("heartbeat") if any(length.fits((now - m).total_seconds()) for m in r.moments)]
    if tickets and TALK.search(text) and AGO.match(after) and (told := [r for r in records.of("history") if since(r, length, scene)]):
        return told
    if tickets:
        fits = [r for r in tickets if length.fits(float(r.row["age_days"]) * 86400) or since(r, length, scene)]
        return fits if len(fits) == len(tickets) or (AGO.match(after) and fits) else literal
    if TALK.search(text):
        return literal + [r for r in records.of("history", "wish") if since(r, length, scene)]
    named = [one.record for one in scene.named if one.record.role in ("integration", "release", "history", "opportunity")]
    if named:
        return literal + [r for r in named if since(r, length, scene)]
    if OPENED.search(text) or AGO.match(after):
        meant = ("P1", "P2") if re.search(r"\burgent\b", text) else ("P1", "P2", "P3", "P4")
        return literal + [
            r for r in records.tickets if r.is_current and r.row["priority"] in meant and length.fits(float(r.row["age_days"]) * 86400)
        ]
    return literal


def since(record: Record, length: Length, scene: Scene) -> bool:
    """Whether the record's day or instant lies so far back; a day is told in whole days."""
    now = scene.records.now
    if any(length.fits((now - moment).total_seconds()) for moment in record.moments):
        return True
    return any(length.fits((scene.records.today - day).days * 86400) for day in record.days)
