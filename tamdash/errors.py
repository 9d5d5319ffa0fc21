from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose session changed under it: says so, instead of a bare 403."""
    return render(request, "403_csrf.html", status=403)
