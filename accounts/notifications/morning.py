"""The morning digest of whoever looks after accounts: what changed, what is due, what turns Red. Where there is nothing, no mail."""

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Escalation, Notification, User
from accounts.models.profile import AccountQuerySet
from accounts.notifications import NotSent
from accounts.notifications.content import Content, Line, Section, address, outside
from accounts.pages import changes
from tamdash.templatetags.tamdash import moment

MOST_LINES = 8  # of each kind
NOTHING = "Nothing changed, nothing is due."
FOOTER = "This is the morning digest of the accounts you look after. Turn it off in tamdash, in the menu behind your initials."


def morning(row: Notification) -> Content:
    """Raises NotSent where there is nothing to say."""
    person = row.recipient
    assert person is not None
    book: AccountQuerySet = Account.objects.visible_to(person).active().filter(owner=person)
    moved = [of_group(group) for group in changes.changes_since_yesterday(book, person).groups]
    sections = tuple(section for section in (*moved, waiting(person), turning(book, person)) if section)
    if not sections:
        raise NotSent(NOTHING)
    subject = "; ".join(section.heading for section in sections)
    return Content(f"Your accounts: {subject}", sections, Line("Open your portfolio", address(reverse("portfolio"))), FOOTER)


def of_group(group: changes.Group) -> Section:
    """Accounts that moved the same way since the day before."""
    lines = [
        Line(f"{outside(one.row.name)}: {one.before} → {one.row.score}. {one.why}", address(reverse("account", args=[one.row.id])))
        for one in group.first
    ]
    return listed(f"{group.count} {group.title[0].lower()}{group.title[1:]}", lines, group.count)


def waiting(person: User) -> Section | None:
    """Escalations that are theirs and that nobody has acknowledged, overdue ones first."""
    now = timezone.now()
    theirs = Escalation.objects.visible_to(person).filter(Q(account__owner=person) | Q(assignee=person), status="open")
    unanswered = theirs.audible(now).of_active_accounts()
    count, overdue = unanswered.count(), unanswered.filter(due_at__lt=now).count()
    if not count:
        return None
    lines = [
        Line(
            f"{outside(one.account.name)}, {one.severity}: {'overdue since' if one.due_at < now else 'due'} {moment(one.due_at)}",
            address(one.get_absolute_url()),
        )
        for one in unanswered.select_related("account").by_urgency()[:MOST_LINES]
    ]
    late = f", {overdue} overdue" if overdue else ""
    return listed(f"{count} to acknowledge{late}", lines, count)


def turning(book: AccountQuerySet, person: User) -> Section | None:
    """Accounts that turn Red within a week if nothing changes."""
    ahead = changes.ahead(book, person)
    if not ahead.count:
        return None
    lines = []
    for turn in ahead.first:
        to = "" if turn.score is None else f", to {turn.score}: {outside(turn.why)}"
        lines.append(Line(f"{outside(turn.row.name)} on {moment(turn.at)}{to}", address(reverse("account", args=[turn.row.id]))))
    return listed(f"{ahead.count} {'turns' if ahead.count == 1 else 'turn'} Red this week", lines, ahead.count)


def listed(heading: str, lines: list[Line], count: int) -> Section:
    more = [Line(f"and {count - len(lines)} more")] if count > len(lines) else []
    return Section((*lines, *more), heading)
