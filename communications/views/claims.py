"""What a draft rests on: vouching for a claim, and reading what the model was sent."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from communications import drafts as stage
from communications import review
from communications.drafts import DraftError
from communications.forms import ConfirmForm
from communications.models import Communication, Generation
from communications.views import workbench
from tamdash.pages import changeable, person


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The person vouches for one claim by their own name. What is wrong with the name is said beside it."""
    draft: Communication = changeable(workbench.ROWS, request, pk)
    form = ConfirmForm(request.POST)
    if request.method == "GET" or "version" in form.errors or "key" in form.errors:
        return redirect(draft)
    if form.is_valid():
        number = place(draft, form.cleaned_data["key"])
        refused = vouch(request, draft, form)
        if refused is None:
            messages.success(request, f"You vouch for claim {number} by your name.")
            return redirect(f"{draft.get_absolute_url()}#e{number}")
        draft = workbench.ROWS.get(pk=pk)
        if draft.version != form.cleaned_data["version"] or not place(draft, form.cleaned_data["key"]):
            messages.error(request, str(refused))
            return redirect(draft)
        form.add_error("name", str(refused))
    return workbench.read(request, draft, status=422, unconfirmed=form)


def vouch(request: HttpRequest, draft: Communication, form: ConfirmForm) -> DraftError | None:
    given = form.cleaned_data
    seen = draft.version if given["version"] is None else given["version"]
    try:
        stage.confirm(draft, person(request), seen, key=given["key"], name=given["name"], source=form.source)
    except DraftError as refused:
        return refused
    return None


def place(draft: Communication, key: str) -> int:
    """The number of an open claim in the text, 0 where it is not open."""
    claim = review.of(draft).find(key)
    return claim.number if claim and claim.is_open else 0


@require_GET
def prompt(request: HttpRequest, pk: int) -> HttpResponse:
    """To the letter what the model was sent for the present text, or for that of `?revision=`."""
    draft: Communication = changeable(workbench.ROWS, request, pk)
    generation = draft.generation
    if number := request.GET.get("revision"):
        revision = draft.revisions.filter(number=number).first() if number.isdecimal() else None
        generation = revision.generation if revision else None
    context = {"section": "drafts", "draft": draft, "generation": generation, "is_by_model": is_by_model(generation)}
    return render(request, "communications/draft_prompt.html", context)


def is_by_model(generation: Generation | None) -> bool:
    return generation is not None and bool(generation.messages)
