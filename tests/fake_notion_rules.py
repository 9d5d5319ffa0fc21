"""What Notion refuses: properties of another kind than the page's, and blocks beyond its limits."""

from typing import Any

KINDS = {"heading_2", "paragraph", "callout", "bulleted_list_item", "table"}
STATUS_OPTIONS = ("Not started", "Done")


class Invalid(Exception):
    """Notion's word for what is wrong with the request."""


def check_properties(schema: dict[str, str], given: dict[str, Any]) -> None:
    for name, value in given.items():
        if name not in schema:
            raise Invalid(f"{name} is not a property that exists.")
        if list(value) != [schema[name]]:
            raise Invalid(f"{name} is expected to be {schema[name]}.")
        inner = value[schema[name]]
        if schema[name] == "number" and not isinstance(inner, int | float | None):
            raise Invalid(f"body.properties.{name}.number should be a number or `null`.")
        if schema[name] in ("title", "rich_text"):
            check_text(inner)
        if schema[name] == "status" and inner["name"] not in STATUS_OPTIONS:
            raise Invalid(f"Invalid status option. Status option {inner['name']!r} does not exist.")


def check_blocks(children: list[dict[str, Any]]) -> None:
    if len(children) > 100:
        raise Invalid(f"body failed validation: body.children.length should be ≤ `100`, instead was `{len(children)}`.")
    if sum(1 + len(block[block["type"]].get("children", [])) for block in children) > 1000:
        raise Invalid("body failed validation: too many blocks.")
    for block in children:
        kind = block["type"]
        if set(block) - {"object", "type", kind} or kind not in KINDS:
            raise Invalid(f"body failed validation: {kind} should be defined.")
        if kind == "table":
            check_table(block["table"])
        else:
            check_text(block[kind]["rich_text"])


def check_table(table: dict[str, Any]) -> None:
    rows = table["children"]
    if not 1 <= len(rows) <= 100:
        raise Invalid("body failed validation: table.children.length should be ≤ `100` and ≥ `1`.")
    for row in rows:
        cells = row["table_row"]["cells"]
        if row["type"] != "table_row" or len(cells) != table["table_width"]:
            raise Invalid("Number of cells in table row must match the table width of the parent table.")
        for cell in cells:
            check_text(cell)


def check_text(pieces: list[dict[str, Any]]) -> None:
    if len(pieces) > 100:
        raise Invalid(f"body failed validation: rich_text.length should be ≤ `100`, instead was `{len(pieces)}`.")
    for one in pieces:
        length = len(one["text"]["content"].encode("utf-16-le")) // 2
        if length > 2000:
            raise Invalid(f"body failed validation: text.content.length should be ≤ `2000`, instead was `{length}`.")
