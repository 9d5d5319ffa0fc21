"""`/drafts/`: all drafts, filtered; and asking for a new one from an account's page."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts import portfolio
from accounts.models import Account, User
from accounts.models.profile import CommunicationType
from communications import drafts as stage
from communications.forms import FilterForm, GenerateForm
from communications.models import Communication, CommunicationQuerySet
from tamdash.pages import changeable, person, template

PAGE_SIZE = 50
LARGE = ("body_html", "answer", "context")


@require_GET
def drafts(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = FilterForm(request.GET)
    form.is_valid()
    tab, kind, number = (form.cleaned_data.get(name) for name in ("status", "type", "page"))
    tab, number = tab or "review", number or 1
    owners = portfolio.owners(user)
    owner = portfolio.chosen_owner(request.GET.get("owner", ""), user, owners)
    rows = of_owner(Communication.objects.visible_to(user), owner, user)
    if kind:
        rows = rows.filter(communication_type=kind)
    counts = rows.aggregate(**{name: Count("id", filter=Q(status__in=statuses)) for name, (_, statuses) in FilterForm.TABS.items()})
    found = rows.filter(status__in=FilterForm.TABS[tab][1]).select_related("account__owner").defer(*LARGE)
    page = list(found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE + 1])
    context = {
        "section": "drafts",
        "tabs": [(name, label, counts[name]) for name, (label, _) in FilterForm.TABS.items()],
        "tab": tab,
        "kind": kind,
        "kinds": CommunicationType.choices,
        "kind_label": dict(CommunicationType.choices).get(kind or "", ""),
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "drafts": page[:PAGE_SIZE],
        "is_moving": any(draft.is_under_way for draft in page[:PAGE_SIZE]),
        "page_number": number,
        "has_next": len(page) > PAGE_SIZE,
    }
    return render(request, template(request, "communications/drafts.html", "page"), context)


def of_owner(rows: CommunicationQuerySet, owner: str, user: User) -> CommunicationQuerySet:
    """A person's drafts are those of their accounts; one's own also those one asked for."""
    if owner == "all":
        return rows
    own = Q(requested_by=user) if owner == str(user.pk) else Q()
    return rows.filter(Q(account__owner=int(owner)) | own)


@require_POST
def generate(request: HttpRequest, pk: int) -> HttpResponse:
    account: Account = changeable(Account.objects.active(), request, pk)
    form = GenerateForm(request.POST, tenant_id=account.tenant_id)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("account", pk)
    kind, instruction = form.cleaned_data["communication_type"], form.cleaned_data["instruction"]
    waiting = None if form.cleaned_data["another"] else Communication.objects.in_review(account, kind).first()
    if waiting:
        return redirect(f"{waiting.get_absolute_url()}?already")
    try:
        draft = stage.request_draft(account, kind, person(request), instruction=instruction)
    except stage.DraftError as refused:
        messages.error(request, str(refused))
        return redirect("account", pk)
    return redirect(draft)
