"""Writing a release or an item of the roadmap: for those who lead."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communications import on_record
from communications.models import Release, RoadmapItem
from communications.release_forms import OfTenant, ReleaseForm, RoadmapForm
from tamdash.pages import leader, person, visible


def kept(request: HttpRequest, form: OfTenant) -> bool:
    """Saves what somebody who leads typed, and says whether it did."""
    user = leader(request)
    return request.method == "POST" and form.is_valid() and form.keep(user.tenant)


Crumb = tuple[str, str]


def answer(request: HttpRequest, form: OfTenant, title: str, *crumbs: Crumb) -> HttpResponse:
    """The form, or what it says about what was typed. The crumbs: the pages above it, each a name and an address."""
    trail = [("Releases", reverse("releases")), *crumbs]
    context = {"section": "releases", "form": form, "title": title, "crumbs": trail, "back": trail[-1][1]}
    return render(request, "communications/release_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = ReleaseForm(request.POST or None)
    form.tell(on_record.names(person(request).tenant_id))
    if kept(request, form):
        messages.success(request, f"Release {form.instance} is kept. Nobody is told of it before you confirm below.")
        return redirect("release", form.instance.pk)
    return answer(request, form, "New release")


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row: Release = visible(Release.objects.all(), request, pk)
    title = f"Edit release {row}"
    form = ReleaseForm(request.POST or None, instance=row)
    form.tell(on_record.names(person(request).tenant_id))
    if kept(request, form):
        messages.success(request, f"Release {row} is changed. Drafts that are written already stay as they are.")
        return redirect("release", pk)
    return answer(request, form, title, (f"Release {row}", reverse("release", args=[pk])))


@require_GET
def roadmap(request: HttpRequest) -> HttpResponse:
    user = person(request)
    items = list(RoadmapItem.objects.visible_to(user))
    shipped = RoadmapItem.Status.SHIPPED
    context = {
        "section": "releases",
        "groups": [
            ("To come", [item for item in items if item.status != shipped]),
            ("Shipped", [item for item in items if item.status == shipped]),
        ],
        "items": items,
        "may_change": user.leads,
    }
    return render(request, "communications/roadmap.html", context)


@require_http_methods(["GET", "POST"])
def new_item(request: HttpRequest) -> HttpResponse:
    form = RoadmapForm(request.POST or None)
    if kept(request, form):
        messages.success(request, f"{form.instance} is on the roadmap.")
        return redirect("roadmap")
    return answer(request, form, "New item of the roadmap", ("Roadmap", reverse("roadmap")))


@require_http_methods(["GET", "POST"])
def edit_item(request: HttpRequest, pk: int) -> HttpResponse:
    row: RoadmapItem = visible(RoadmapItem.objects.all(), request, pk)
    title = f"Edit {row}"
    form = RoadmapForm(request.POST or None, instance=row)
    if kept(request, form):
        messages.success(request, f"{row} is changed.")
        return redirect("roadmap")
    return answer(request, form, title, ("Roadmap", reverse("roadmap")))


@require_POST
def ship(request: HttpRequest, pk: int) -> HttpResponse:
    """What has shipped is for release notes: previews leave it out from now on."""
    row: RoadmapItem = visible(RoadmapItem.objects.all(), request, pk)
    leader(request)
    if RoadmapItem.objects.filter(pk=pk).exclude(status=RoadmapItem.Status.SHIPPED).update(status=RoadmapItem.Status.SHIPPED):
        messages.success(request, f"{row} has shipped. Roadmap previews leave it out from now on; tell of it in a release.")
    return redirect("roadmap")
