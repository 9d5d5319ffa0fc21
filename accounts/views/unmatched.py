"""`/unmatched/`: tickets that belong to no known account, and mapping what they name to one, once for all."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import account_keys
from accounts.account_keys import KeyTaken
from accounts.models import Account, AccountKey, User
from accounts.models.inbound import TicketSystem
from accounts.pages import unmatched as reads
from accounts.pages.lookalikes import lookalikes
from accounts.pages.unmatched import State
from accounts.sources import mapping_of
from tamdash.pages import changeable, is_partial, person

PAGE = "accounts/unmatched.html"
MOST_LATELY = 6
IN_BANNER = "page"  # messages that the page shows itself


class KeyForm(forms.Form):
    """Which value of which system is mapped."""

    source = forms.ChoiceField(choices=TicketSystem.choices)
    key = forms.CharField(max_length=200, strip=False)


class NewAccountForm(KeyForm):
    name = forms.CharField(max_length=160)
    external_id = forms.CharField(max_length=120, label="Account id")
    tenant_id: int

    def clean_external_id(self) -> str:
        given: str = self.cleaned_data["external_id"]
        if Account.objects.filter(tenant=self.tenant_id, external_id=given).exists():
            raise forms.ValidationError("There is an account with this id. Search for it instead.")
        return given


@require_GET
def unmatched(request: HttpRequest) -> HttpResponse:
    return page(request, State.read(request.GET.dict()))


def page(request: HttpRequest, state: State, refused: NewAccountForm | None = None) -> HttpResponse:
    user = person(request)
    if is_partial(request) and request.headers.get("HX-Target") == "found":
        return render(request, f"{PAGE}#found", {"state": state, "found": reads.search(user, state.find), "key": state.key})
    groups, after = reads.page(user.tenant, state)
    lately = AccountKey.objects.visible_to(user).select_related("account", "created_by").order_by("-created_at", "-pk")[:MOST_LATELY]
    context = {
        "section": "signals",
        "state": state,
        "systems": TicketSystem.choices,
        "rows": [(group, state.link(chosen=(group.source, group.value), key="", find="")) for group in groups],
        "next": state.link(after=after, chosen=None) if after else "",
        "first": state.link(after="", chosen=None) if state.after else "",
        "lately": [(row, reads.words(row.key), row.account.owner_id == user.pk or user.leads) for row in lately],
        "mapped": mapped(user, request.GET.get("mapped", "")),
        "said": " ".join(str(each) for each in messages.get_messages(request) if each.extra_tags == IN_BANNER),
        **(detail(user, state) if state.chosen else {}),
        "new_account": refused,
    }
    return render(request, PAGE, context, status=422 if refused else 200)


def detail(user: User, state: State) -> dict[str, Any]:
    """The chosen group: what its tickets are about, what they name, and which account that may be."""
    assert state.chosen
    source, value = state.chosen
    group = reads.group(user.tenant, source, value)
    if group is None:
        return {"is_gone": True}
    values = reads.values_of(user.tenant, source, value, mapping_of(user.tenant, source).account_by)
    offered = [each for each in values if each.counts]
    chosen = next((each for each in offered if each.key == state.key), offered[0] if offered else None)
    keys = [chosen.key, *(each.key for each in values if each is not chosen)] if chosen else []
    return {
        "group": group,
        "samples": reads.samples(user.tenant, source, value),
        "values": [(each, state.link(key=each.key, find="")) for each in values if each.counts],
        "others": [each for each in values if not each.counts],
        "chosen": chosen,
        "key": chosen.key if chosen else "",
        "alike": lookalikes(user, keys) if chosen else [],
        "found": reads.search(user, state.find) if state.find else [],
        "close": state.link(chosen=None, key="", find=""),
    }


def mapped(user: User, pk: str) -> dict[str, Any] | None:
    """What was mapped a moment ago, with what it did."""
    row = AccountKey.objects.visible_to(user).select_related("account").filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    return {"row": row, "value": account_keys.value_of(row.key), "may_change": user.may_change(row.account)} if row else None


@require_POST
def map_to(request: HttpRequest, pk: int) -> HttpResponse:
    """Maps a value to the account."""
    account: Account = changeable(Account.objects.select_related("tenant"), request, pk)
    form = KeyForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was mapped: the page named no value. Reload it, then try again.")
        return redirect("unmatched")
    return mapping(request, account, form.cleaned_data)


def mapping(request: HttpRequest, account: Account, given: dict[str, Any]) -> HttpResponse:
    try:
        done = account_keys.map_key(account.tenant, given["source"], given["key"], account, person(request))
    except KeyTaken as taken:
        messages.warning(request, str(taken))
        return redirect("unmatched")
    tickets = f"{done.tickets:,} {'ticket' if done.tickets == 1 else 'tickets'}"
    more = " The others follow within minutes." if done.are_more else ""
    said = f"{tickets} went to {account}.{more} The next scan counts them, and all to come with this value."
    messages.success(request, said, extra_tags=IN_BANNER)
    return redirect(f"{reverse('unmatched')}?mapped={done.row.pk}")


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    row: AccountKey = changeable(AccountKey.objects.select_related("account", "tenant"), request, pk)
    count = account_keys.unmap_key(row, person(request))
    tickets = f"{count:,} {'ticket' if count == 1 else 'tickets'}"
    messages.success(request, f"“{account_keys.value_of(row.key)}” is no longer mapped to {row.account}. {tickets} left it.")
    return redirect("unmatched")


@require_POST
def new_account(request: HttpRequest) -> HttpResponse:
    """Creates the account that a value names, and maps the value to it."""
    user = person(request)
    if not user.is_staff:
        raise PermissionDenied("Only an admin can create accounts. Ask yours.")
    form = NewAccountForm(request.POST)
    form.tenant_id = user.tenant_id
    if not form.is_valid():
        if "source" in form.errors or "key" in form.errors:
            raise Http404
        source, value = form.cleaned_data["source"], request.POST.get("value", "")
        return page(request, State(chosen=(source, value), key=form.cleaned_data["key"]), form)
    given = form.cleaned_data
    account, _ = Account.objects.get_or_create(tenant=user.tenant, external_id=given["external_id"], defaults={"name": given["name"]})
    return mapping(request, account, given)
