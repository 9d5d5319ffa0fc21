"""What every message has: whom it greets and who signs it."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from communications.composer.material import Material
from communications.composer.words import line, paragraph

NAMED = 4  # people greeted by name


def greeting(material: Material) -> SafeString:
    """All names in full: which part of a name is the given one differs around the world."""
    names = [line(person.name, 80) for person in material.readers]
    if not names:
        return paragraph(f"Hello {material.name} team,")
    rest = " and colleagues" if len(names) > NAMED else ""
    hellos = [f"{'hello' if place else 'Hello'} {name}" for place, name in enumerate(names[:NAMED])]
    return paragraph(f"{', '.join(hellos)}{rest},")


def signature(given: dict[str, Any]) -> SafeString:
    """The rep's name and title; an account that nobody owns is signed by its team."""
    rep = given.get("rep") or {}
    name, title = line(rep.get("name", "")), line(rep.get("title", ""))
    if not name:
        return format_html("<p>{}</p>", "Your account team")
    return format_html("<p>{}<br>{}</p>", name, title) if title else format_html("<p>{}</p>", name)
