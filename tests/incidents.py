"""Writes a ServiceNow-like event log of any length, always the same: `python -m tests.incidents FILE ROWS`."""

import csv
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROWS_EACH = 4  # of an incident: opened, worked on, resolved, closed
STATES = ("New", "Active", "Resolved", "Closed")
PRIORITIES = ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low")
HEADING = (
    "number,incident_state,active,reassignment_count,sys_mod_count,caller_id,opened_by,opened_at,sys_updated_by,sys_updated_at,"
    "location,category,subcategory,u_symptom,impact,urgency,priority,assignment_group,resolved_by,resolved_at,closed_at\n"
)
FIRST = datetime(2021, 1, 1, tzinfo=UTC)
DAY_FIRST = "%d-%m-%Y %H:%M"


def write(path: Path, rows: int, locations: int = 2_000) -> None:
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        file.write(HEADING)
        for number in range(rows):
            if number % ROWS_EACH == 0:
                opened = FIRST + timedelta(minutes=number)
                resolved = opened + timedelta(hours=chance.randrange(1, 400))
                place, priority = chance.randrange(locations), chance.choice(PRIORITIES)
            out.writerow(incident(number, chance, opened, resolved, place, priority))


def incident(number: int, chance: random.Random, opened: datetime, resolved: datetime, place: int, priority: str) -> list[object]:
    step = number % ROWS_EACH
    who, words = f"Caller {chance.randrange(5000)}", [f"Category {chance.randrange(60)}", f"Subcategory {chance.randrange(250)}", "?"]
    updated = f"{opened + timedelta(hours=step):{DAY_FIRST}}"
    state = [f"INC{number // ROWS_EACH:07}", STATES[step], step < 3, 0, step * 2, who, f"Opened by {chance.randrange(200)}"]
    times = [
        f"{opened:{DAY_FIRST}}",
        f"Updated by {chance.randrange(800)}",
        updated,
        f"Location {place}",
        *words,
        "2 - Medium",
        "2 - Medium",
    ]
    ends = [f"{resolved:{DAY_FIRST}}", f"{resolved + timedelta(days=5):{DAY_FIRST}}"]
    return [*state, *times, priority, f"Group {chance.randrange(70)}", f"Resolved by {chance.randrange(200)}", *ends]


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
