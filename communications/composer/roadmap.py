"""A look ahead for a quarterly business review: the plans that meet this account, and what could be built together."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from communications.answers import CoDevFind, RoadmapPreview
from communications.composer import standing
from communications.composer.checkin import state
from communications.composer.letter import greeting, signature
from communications.composer.material import Known, Material
from communications.composer.words import (
    bullets,
    capital,
    counted,
    heading,
    line,
    listed,
    number,
    paragraph,
    quote,
    sentence,
    titled,
    together,
)

STATES = {"building": "being built", "planned": "planned", "exploring": "being explored"}
MAX_ITEMS = 12
MAX_FINDS = 3
MAX_TITLES = 5


@dataclass(frozen=True)
class Aligned:
    """A roadmap item with what it meets on this account's record."""

    title: str
    description: str
    status: str
    horizon: str
    meets: list[Known]

    @property
    def plan(self) -> str:
        when = f", {line(self.horizon, 40)}" if self.horizon else ""
        return f"{capital(STATES.get(self.status, line(self.status)))}{when}."

    @property
    def why(self) -> str:
        return f"It meets {listed([known.phrase for known in self.meets[:4]])}."


def write(material: Material) -> RoadmapPreview:
    items = material.given.get("roadmap_items") or []
    found = list(fitting(material, items))
    aligned = found[:MAX_ITEMS]
    finds = list(co_development(material, aligned))[:MAX_FINDS]
    return RoadmapPreview(
        subject=line(
            f"Roadmap preview for {material.name}: {counted(len(found), 'plan')} that {'meets' if len(found) == 1 else 'meet'} your setup",
            150,
        )
        if aligned
        else line(f"Our roadmap and {material.name}: where we need your view", 150),
        body_html=together(
            greeting(material),
            paragraph("Here is what I would like to go through in our next business review."),
            heading("Where you stand today"),
            paragraph(standing.score(material), state(material, standing.causes(material))),
            heading("Plans that meet your setup"),
            plans(aligned, items),
            paragraph(f"These are the {number(MAX_ITEMS)} nearest to done of {len(found)}." if len(found) > MAX_ITEMS else ""),
            ideas(material, finds),
            heading("Questions to discuss"),
            bullets(questions(material, aligned), "ol"),
            paragraph("Roadmap items are plans, not commitments: their content, order and time may change."),
            signature(material.given),
        ),
        aligned_items=[line(f"{item.title}: {item.why}", 600) for item in aligned],
        co_dev_opportunities=finds,
    )


def fitting(material: Material, items: list[dict[str, str]]) -> Iterator[Aligned]:
    """What names something on record, the nearest to done first."""
    order = list(STATES)
    for item in sorted(items, key=lambda item: order.index(item["status"]) if item["status"] in order else len(order)):
        meets = material.touched_by(f"{item['title']}\n{item.get('description', '')}")
        if meets:
            yield Aligned(item["title"], item.get("description", ""), item["status"], item.get("horizon", ""), meets)


def plans(aligned: list[Aligned], items: list[dict[str, str]]) -> SafeString:
    if aligned:
        return bullets(
            format_html("<strong>{}</strong> {} {} {}", sentence(item.title), item.plan, sentence(item.description), item.why)
            for item in aligned
        )
    titles = [
        f"{line(item['title'])} ({STATES.get(item['status'], item['status'])}, {line(item.get('horizon', ''), 40)})"
        for item in items[:MAX_TITLES]
    ]
    if not titles:
        return paragraph("There is no item on our roadmap that I can share at the moment.")
    none = "None of our plans names an integration, a feature or a part of the environment that you have on record with us."
    some = f"here are {number(MAX_TITLES)} of them" if len(items) > MAX_TITLES else "here they are"
    return together(paragraph(none, f"So that you can judge for yourself, {some}:"), bullets(titles))


def co_development(material: Material, aligned: list[Aligned]) -> Iterator[CoDevFind]:
    """Where a plan that is still open meets something the customer runs. What is on record already is not found again."""
    on_record = {idea.opportunity_name.casefold() for idea in material.profile.co_dev_opportunities}
    for item in aligned:
        runs = [known for known in item.meets if known.kind in ("integration", "environment", "feature")]
        name = line(f"{item.title} with {runs[0].name}", 150) if runs else ""
        known_already = any(known.kind == "opportunity" for known in item.meets) or {name.casefold(), item.title.casefold()} & on_record
        if item.status in ("exploring", "planned") and runs and not known_already:
            yield CoDevFind(
                opportunity_name=name,
                description=line(
                    f"Shape {quote(item.title)} together on {runs[0].phrase}: you bring the use from your daily work, we bring the "
                    f"development. First step: half an hour to see whether your case is a good test for it.",
                    1000,
                ),
            )


def ideas(material: Material, finds: list[CoDevFind]) -> SafeString:
    under_way = [idea for idea in material.profile.co_dev_opportunities if idea.status in ("discussed", "in_progress")]
    items = [
        *(
            f"{line(idea.opportunity_name)}, {'under way' if idea.status == 'in_progress' else 'as discussed'}: what should be its next step?"
            for idea in under_way
        ),
        *(titled(sentence(find.opportunity_name), find.description) for find in finds),
    ]
    return together(heading("What we could build together"), bullets(items)) if items else SafeString("")


def questions(material: Material, aligned: list[Aligned]) -> list[str]:
    first = "What do you want to do in the coming year that our product does not do for you yet?"
    if aligned:
        change = f"What would {quote(aligned[0].title)} change" if len(aligned) == 1 else "Which of these plans would change most"
        first = f"{change} for you, and what would it need to do?"
    unknown = [] if material.profile.customer_environment else ["What do you run our product on (platform, versions, regions)?"]
    unused = [line(row.feature_name, 80) for row in material.profile.feature_adoption if not row.adopted]
    adoption = [f"What would it take for {standing.ids(unused)} to be useful to you?"] if unused else []
    return [first, *adoption, *unknown, "What must we not change, because you rely on it as it is?"][:3]
