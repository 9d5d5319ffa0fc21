"""What pydantic found wrong, in words for whoever sent it, without what it was that they sent."""

from pydantic import ValidationError

MOST_ISSUES = 50
LONGEST = 300


def problems(error: ValidationError) -> list[str]:
    """“features.3: String should have at most 300 characters”, at most fifty of them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{place}: {one['msg']}" if (place := ".".join(map(str, one["loc"]))) else one["msg"] for one in found[:MOST_ISSUES]]
    more = [f"and {len(found) - MOST_ISSUES} more"] if len(found) > MOST_ISSUES else []
    return [one[:LONGEST] for one in (*said, *more)]
