"""`/drafts/`: all drafts, filtered; and asking for a new one from an account's page."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account, User
from accounts.models.profile import CommunicationType
from accounts.pages import portfolio
from accounts.pages.what_if import Asked
from communications import chosen_path
from communications import drafts as stage
from communications.forms import FilterForm, GenerateForm
from communications.models import Communication, CommunicationQuerySet
from tamdash.pages import changeable, person, template

PAGE_SIZE = 50
LARGE = ("body_html",)


@require_GET
def drafts(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = FilterForm(request.GET)
    form.is_valid()
    tab, kind, number, flags = (form.cleaned_data.get(name) for name in ("status", "type", "page", "flags"))
    tab, number = tab or "review", number or 1
    owners = portfolio.owners(user)
    owner = portfolio.chosen_owner(request.GET.get("owner", ""), user, owners)
    rows = narrowed(of_owner(Communication.objects.visible_to(user), owner, user), kind, flags)
    found = rows.filter(status__in=FilterForm.TABS[tab][1]).select_related("account__owner").defer(*LARGE).with_writer().with_placement()
    page = list(found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE + 1])
    context = {
        "section": "drafts",
        "tabs": tabs(rows),
        "tab": tab,
        "kind": kind,
        "kinds": CommunicationType.choices,
        "kind_label": dict(CommunicationType.choices).get(kind or "", ""),
        "flags": flags,
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "drafts": page[:PAGE_SIZE],
        "is_moving": any(draft.is_under_way for draft in page[:PAGE_SIZE]),
        "page_number": number,
        "has_next": len(page) > PAGE_SIZE,
    }
    return render(request, template(request, "communications/drafts.html", "page"), context)


def narrowed(rows: CommunicationQuerySet, kind: str | None, flags: bool | None) -> CommunicationQuerySet:
    if kind:
        rows = rows.filter(communication_type=kind)
    return rows.filter(open_flags__gt=0) if flags else rows


def tabs(rows: CommunicationQuerySet) -> list[tuple[str, str, int]]:
    """Each with how many drafts it has, in one query."""
    counts = rows.aggregate(**{name: Count("id", filter=Q(status__in=statuses)) for name, (_, statuses) in FilterForm.TABS.items()})
    return [(name, label, counts[name]) for name, (label, _) in FilterForm.TABS.items()]


def of_owner(rows: CommunicationQuerySet, owner: str, user: User) -> CommunicationQuerySet:
    """A person's drafts are those of their accounts; one's own also those one asked for."""
    if owner == "all":
        return rows
    own = Q(requested_by=user) if owner == str(user.pk) else Q()
    return rows.filter(Q(account__owner=int(owner)) | own)


@require_POST
def generate(request: HttpRequest, pk: int) -> HttpResponse:
    account: Account = changeable(Account.objects.active().select_related("tenant", "health", "heartbeat"), request, pk)
    form = GenerateForm(request.POST, tenant_id=account.tenant_id)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("account", pk)
    kind, instruction = form.cleaned_data["communication_type"], form.cleaned_data["instruction"]
    try:
        path = path_asked_for(request, account, form)
        waiting = None if form.cleaned_data["another"] else in_review(account, kind, path)
        if waiting:
            return redirect(f"{waiting.get_absolute_url()}?already")
        draft = stage.request_draft(account, kind, person(request), instruction=instruction, chosen_path=path)
    except (chosen_path.NoSuchPath, stage.DraftError) as refused:
        messages.error(request, str(refused))
        return redirect("account", pk)
    if path and not chosen_path.same(draft.chosen_path, path):
        messages.warning(request, "This outreach was being written already, without the path. When it is there, draft from the path again.")
    return redirect(draft)


def path_asked_for(request: HttpRequest, account: Account, form: GenerateForm) -> list[chosen_path.Record]:
    """What is ticked, or the path of an earlier draft of this account; empty where none is asked for. Raises NoSuchPath."""
    if form.cleaned_data["from_path"]:
        return chosen_path.of(account, Asked.read(request.POST), timezone.now())
    if earlier := form.cleaned_data["from_draft"]:
        draft = get_object_or_404(Communication.objects.filter(account=account).defer(*LARGE), pk=earlier)
        return chosen_path.again(draft, account, timezone.now()) if draft.chosen_path else []
    return []


def in_review(account: Account, kind: str, path: list[chosen_path.Record]) -> Communication | None:
    """A draft that waits already and would say the same: of this type, and from this path where there is one."""
    waiting = Communication.objects.in_review(account, kind)
    if path:
        return next((draft for draft in waiting.defer(*LARGE) if chosen_path.same(draft.chosen_path, path)), None)
    return waiting.first()
