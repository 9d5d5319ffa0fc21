"""Who may open what: every address in the resolver, as everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.hooks import tokens
from accounts.models import Account, AccountKey, Escalation, InboundEvent, ScanRun, ScoringPolicy, Stakeholder, TicketImport, User
from communications.models import Communication, Release, RoadmapItem, StyleRule
from tests import make
from tests.conftest import Cast

PEOPLE = ("anonymous", "stranger", "other_rep", "rep", "manager", "admin")
SIGN_IN = "sign-in"
ADMIN_SITE = "admin"


@dataclass(frozen=True)
class Rule:
    """What each of PEOPLE gets, in that order; 302 is “done, go there”, SIGN_IN a way to the sign-in page."""

    expected: tuple[int | str, ...]
    method: str = "get"
    args: tuple[str, ...] = ()
    data: tuple[tuple[str, str], ...] = ()


OPEN = Rule((200,) * 6)
SIGNED_IN = (SIGN_IN, 200, 200, 200, 200, 200)
READ = (SIGN_IN, 404, 200, 200, 200, 200)
OWNERS = (SIGN_IN, 404, 403, 302, 302, 302)
LEADERS = (SIGN_IN, 404, 403, 403, 302, 302)
ADMINS = (SIGN_IN, 404, 403, 403, 403, 302)
OWN = (SIGN_IN, 302, 302, 302, 302, 302)  # each their own
MANAGERS_OWN = (SIGN_IN, 302, 403, 403, 302, 302)  # of whatever tenant, for their own

STAKEHOLDER = (("name", "Nora"), ("role", "CTO"), ("technical_maturity", "high"))
RELEASE = (("version", "4.20"), ("released_on", "2026-12-01"), ("features", "Saved views"))
ITEM = (("title", "Returns portal"), ("status", "planned"), ("horizon", "Q1 2027"))
RULES = {
    "healthz": OPEN,
    "readyz": OPEN,
    "sign-in": Rule((200, 302, 302, 302, 302, 302)),
    "sign-out": Rule((302,) * 6, "post"),
    "morning-digest": Rule((SIGN_IN, 302, 302, 302, 302, 302), "post"),
    "portfolio": Rule(SIGNED_IN),
    "escalations": Rule(SIGNED_IN),
    "drafts": Rule(SIGNED_IN),
    "account": Rule(READ, args=("account",)),
    "ping": Rule((200,) * 6, args=("ping_id",)),
    "account-history": Rule(READ, args=("account",)),
    "account-receipt": Rule(READ, args=("account", "scan")),
    "account-what-if": Rule(READ, args=("account",)),
    "escalation": Rule(READ, args=("escalation",)),
    "draft": Rule(READ, args=("draft",)),
    "account-scan": Rule(OWNERS, "post", ("account",)),
    "generate": Rule(OWNERS, "post", ("account",), (("communication_type", "health_checkin"),)),
    "profile-rows": Rule((SIGN_IN, 404, 403, 302, 302, 302), args=("account", "part")),
    "profile-add": Rule(OWNERS, "post", ("account", "part"), STAKEHOLDER),
    "profile-edit": Rule(OWNERS, "post", ("account", "part", "stakeholder"), STAKEHOLDER),
    "profile-maturity": Rule(OWNERS, "post", ("account", "stakeholder"), (("technical_maturity", "high"),)),
    "profile-remove": Rule(OWNERS, "post", ("account", "part", "stakeholder")),
    "policies": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "policy": Rule((SIGN_IN, 404, 403, 403, 200, 200), args=("policy",)),
    "policy-backtest": Rule(ADMINS, "post", ("policy",), (("days", "30"),)),
    "policy-activate": Rule(ADMINS, "post", ("policy",)),
    "policy-copy": Rule(ADMINS, "post", ("policy",)),
    "escalation-acknowledge": Rule(OWNERS, "post", ("escalation",)),
    "escalation-resolve": Rule(LEADERS, "post", ("escalation",), (("reason", "Fixed"),)),
    "escalation-assign": Rule(LEADERS, "post", ("escalation",), (("to", "nobody"),)),
    "escalation-mute": Rule(LEADERS, "post", ("escalation",), (("until", "week"),)),
    "escalation-unmute": Rule(LEADERS, "post", ("escalation",)),
    "escalation-comment": Rule(OWNERS, "post", ("escalation",), (("text", "Called them"),)),
    "escalation-retry": Rule(OWNERS, "post", ("escalation",)),
    "escalation-tabs": Rule(SIGNED_IN),
    "escalation-badge": Rule(SIGNED_IN),
    "escalation-export": Rule(SIGNED_IN),
    "escalation-bulk": Rule((SIGN_IN, 302, 302, 302, 302, 302), "post", data=(("step", "acknowledge"),)),
    "account-escalate": Rule(OWNERS, "post", ("account",), (("reason", "Their sponsor called"),)),
    "account-rhythm": Rule(OWNERS, "post", ("account",), (("checkin_every_months", "2"),)),
    "account-opinion": Rule(OWNERS, "post", ("account",), (("view", "worse"), ("reason", "Their sponsor left"), ("days", "14"))),
    "account-opinion-withdraw": Rule(OWNERS, "post", ("account",)),
    "jira": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "imports": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "import-new": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "import": Rule((SIGN_IN, 404, 403, 403, 200, 200), args=("upload",)),
    "import-start": Rule(LEADERS, "post", ("upload",)),
    "import-cancel": Rule(LEADERS, "post", ("upload",)),
    "import-refused": Rule((SIGN_IN, 404, 403, 403, 200, 200), args=("imported",)),
    "hook": Rule((200,) * 6, "post", ("hook_source", "hook_token")),
    "events": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "event": Rule((SIGN_IN, 404, 403, 403, 200, 200), args=("inbound",)),
    "events-again": Rule(MANAGERS_OWN, "post"),
    "events-aside": Rule(MANAGERS_OWN, "post"),
    "unmatched": Rule(SIGNED_IN),
    "unmatched-map": Rule(OWNERS, "post", ("account",), (("source", "jira"), ("key", "organization:aldermoor"))),
    "unmatched-undo": Rule(OWNERS, "post", ("account_key",)),
    "unmatched-new-account": Rule(
        (SIGN_IN, 403, 403, 403, 403, 302),
        "post",
        data=(("source", "jira"), ("key", "label:new"), ("name", "New"), ("external_id", "new")),
    ),
    "reports": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "handoffs": Rule((SIGN_IN, 200, 403, 403, 200, 200)),
    "draft-pdf": Rule(READ, args=("draft",)),
    "style": Rule(SIGNED_IN),
    "style-add": Rule((SIGN_IN, 302, 403, 403, 302, 302), "post", data=(("old", "leverage"), ("new", "use"))),
    "style-decide": Rule(LEADERS, "post", ("style_rule",), (("status", "accepted"), ("seen", "proposed"))),
    "style-reword": Rule(LEADERS, "post", ("style_rule",), (("old", "leverage"), ("new", "use"), ("seen", "proposed"))),
    "releases": Rule(SIGNED_IN),
    "release": Rule(READ, args=("release",)),
    "release-new": Rule(MANAGERS_OWN, "post", data=RELEASE),
    "release-edit": Rule(LEADERS, "post", ("release",), RELEASE),
    "release-draft": Rule(LEADERS, "post", ("release",)),
    "release-retry": Rule((SIGN_IN, 404, 302, 302, 302, 302), "post", ("release",)),
    "roadmap": Rule(SIGNED_IN),
    "roadmap-new": Rule(MANAGERS_OWN, "post", data=ITEM),
    "roadmap-edit": Rule(LEADERS, "post", ("item",), ITEM),
    "roadmap-ship": Rule(LEADERS, "post", ("item",)),
    "draft-save": Rule(OWNERS, "post", ("draft",), (("version", "1"), ("subject", "Hello"), ("body_html", "<p>Hello</p>"))),
    "draft-approve": Rule(OWNERS, "post", ("draft",), (("version", "1"),)),
    "draft-reject": Rule(OWNERS, "post", ("draft",), (("version", "1"), ("reason", "Too long"))),
    "draft-eml": Rule(OWNERS, "post", ("draft",)),
    "draft-sent": Rule(OWNERS, "post", ("draft",), (("outcome", "Thanked us"),)),
    "draft-regenerate": Rule(OWNERS, "post", ("draft",), (("version", "1"), ("instruction", "Shorter"))),
    "draft-retry": Rule(OWNERS, "post", ("draft",), (("version", "1"),)),
    "draft-stop": Rule(OWNERS, "post", ("draft",)),
    "draft-confirm": Rule(OWNERS, "post", ("draft",), (("version", "1"), ("key", "0"), ("name", "Nobody"))),
    "draft-news": Rule(READ, args=("draft",)),
    "draft-prompt": Rule((SIGN_IN, 404, 403, 200, 200, 200), args=("draft",)),
    "draft-place": Rule(OWNERS, "post", ("draft",), (("version", "1"),)),
    "draft-look": Rule(OWNERS, "post", ("draft",)),
    "mailbox": Rule(SIGNED_IN),
    "mailbox-test": Rule(OWN, "post"),
    "mailbox-disconnect": Rule(OWN, "post"),
    "mailbox-connect": Rule(OWN),
    "mailbox-gmail": Rule(OWN),
    "api-page": Rule(SIGNED_IN),
    "api:openapi": OPEN,
    "api:api-root": Rule((404,) * 6),
    "api:nowhere": Rule((404,) * 6, args=("nothing",)),
    # A session opens nothing there: what tokens may do is in test_api.py and test_api_tenants.py.
    **{f"api:{name}": Rule((401,) * 6) for name in ("list_accounts", "list_drafts")},
    **{f"api:{name}": Rule((401,) * 6, "post") for name in ("write_tickets", "write_heartbeats", "run_task", "hand_off", "check_handoff")},
    **{f"api:get_{name}": Rule((401,) * 6, args=("account_id",)) for name in ("account", "health", "profile", "projection")},
    "api:list_history": Rule((401,) * 6, args=("account_id",)),
    "api:get_draft": Rule((401,) * 6, args=("draft",)),
    "api:get_task": Rule((401,) * 6, args=("ping_id",)),
    "draft-restore": Rule(OWNERS, "post", ("draft",), (("version", "1"), ("number", "1"))),
}


def names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = pattern.namespace
            yield from [ADMIN_SITE] if space == ADMIN_SITE else names(pattern.url_patterns, f"{prefix}{space}:" if space else prefix)
        elif isinstance(pattern, URLPattern):
            yield prefix + (pattern.name or str(pattern.pattern))


@dataclass(frozen=True)
class Things:
    account: Account
    escalation: Escalation
    draft: Communication
    stakeholder: Stakeholder
    scan: ScanRun
    style_rule: StyleRule
    release: Release
    item: RoadmapItem
    upload: TicketImport
    imported: TicketImport
    part: str = "stakeholders"
    policy: str = "2"

    hook_source: str = "jira"
    nothing: str = "nothing"
    account_id: str = "acme/1"

    @property
    def account_key(self) -> AccountKey:
        found, _ = AccountKey.objects.get_or_create(tenant=self.account.tenant, source="jira", key="label:alder", account=self.account)
        return found

    @property
    def hook_token(self) -> str:
        return tokens.make(self.account.tenant, self.hook_source)[1]

    @property
    def inbound(self) -> InboundEvent:
        now = timezone.now()
        times = {"received_at": now, "next_try_at": now}
        return InboundEvent.objects.create(tenant=self.account.tenant, source="jira", status="failed", body=b"{}", **times)

    @property
    def ping_id(self) -> str:
        return str(self.account.ping_id)

    def args(self, rule: Rule) -> list[Any]:
        return [value if isinstance(value := getattr(self, name), str) else value.pk for name in rule.args]


@pytest.fixture
def things(cast: Cast) -> Things:
    account = make.red_account(cast.tenant, cast.rep)
    escalation = make.escalation(account)
    ScoringPolicy.objects.create(tenant=cast.tenant, version=2)
    stakeholder = Stakeholder.objects.create(account=account, name="Petra", role="CIO")
    scan = ScanRun.objects.covering(account).latest()
    style_rule = StyleRule.objects.create(tenant=cast.tenant, old="utilise", new="use")
    release = Release.objects.create(tenant=cast.tenant, version="4.19", released_on="2026-11-20", features=["Saved views"])
    item = RoadmapItem.objects.create(tenant=cast.tenant, title="Rules as code", horizon="Q1 2027")
    upload = make.upload(cast.manager, "ticket_id,priority,status,created_at\nT-1,P1,open,2026-11-21\n")
    imported = make.upload(cast.manager, "ticket_id,priority,status,created_at\n", status="done", report={"refused": []})
    return Things(account, escalation, make.draft(account), stakeholder, scan, style_rule, release, item, upload, imported)


def client_of(cast: Cast, person: str) -> Client:
    client = Client()
    if person != "anonymous":
        user: User = getattr(cast, person)
        client.force_login(user, backend="tamdash.sign_in.Passwords")
    return client


def test_every_address_has_a_rule() -> None:
    stated = {*RULES, ADMIN_SITE}
    found = set(names(get_resolver().url_patterns))
    assert found - stated == set(), "state who may open these in RULES"
    assert stated - found == set(), "these rules are for addresses that are gone"


def given(name: str, person: str, cast: Cast, things: Things) -> int | str:
    """What the person gets at the address, in the rule's words; whatever it does is undone."""
    rule = RULES[name]
    with transaction.atomic():
        response = getattr(client_of(cast, person), rule.method)(reverse(name, args=things.args(rule)), dict(rule.data))
        transaction.set_rollback(True)
    if response.status_code == 302 and response.headers["Location"].split("?")[0] == reverse("sign-in") and name != "sign-out":
        return SIGN_IN
    if name == "draft-eml" and response.status_code == 200 and response.headers["Content-Type"] == "message/rfc822":
        return 302
    return int(response.status_code)


@pytest.mark.parametrize("name", RULES)
def test_each_person_gets_what_the_rule_says(name: str, cast: Cast, things: Things) -> None:
    if name in ("draft-eml", "draft-sent"):
        make.approved(things.draft, cast.rep)
    if name == "draft-retry":
        make.failed(things.draft)
    assert {person: given(name, person, cast, things) for person in PEOPLE} == dict(zip(PEOPLE, RULES[name].expected, strict=True))


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.method == "post" and rule.args])
def test_what_changes_something_cannot_be_a_link(name: str, cast: Cast, things: Things) -> None:
    response = client_of(cast, "manager").get(reverse(name, args=things.args(RULES[name])))
    forms = dict.fromkeys(("profile-add", "profile-edit", "release-edit", "roadmap-edit"), 200)
    assert response.status_code == (forms | {"draft-save": 302, "draft-confirm": 302}).get(name, 405)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_site_is_for_admins(person: str, cast: Cast) -> None:
    response = client_of(cast, person).get(reverse("admin:accounts_account_changelist"))
    assert response.status_code == (200 if person == "admin" else 302)


def test_a_number_that_was_never_given_out_is_not_found(cast: Cast, things: Things) -> None:
    client = client_of(cast, "manager")
    assert client.get(reverse("account", args=[things.account.pk + 999_999])).status_code == 404
    assert client.get(reverse("escalation", args=[things.escalation.pk + 999_999])).status_code == 404
