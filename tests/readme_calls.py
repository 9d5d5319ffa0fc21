"""The `curl` lines of README.md, run by the real curl in a real shell, in their order."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

README = Path(__file__).parent.parent / "README.md"
# Says after each answer which status it had, where the reader of the README sees nothing of it.
STATUS = "curl() { command curl -w '%{stderr}STATUS %{http_code}\\n' \"$@\"; }"


class Answer(NamedTuple):
    status: int
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def lines() -> str:
    """As they stand in the section."""
    section = README.read_text().partition("## Calling it")[2].partition("\n## ")[0]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block
    return block[1]


def run(address: str) -> list[Answer]:
    """What each call was answered, against the demo at that address: only the address differs from what is printed."""
    script = lines()
    assert "http://127.0.0.1:8000" in script
    apart = re.sub(r"^(?=curl )", "printf '\\\\036'; ", script.replace("http://127.0.0.1:8000", address), flags=re.MULTILINE)
    command = ["bash", "-euo", "pipefail", "-c", f"{STATUS}\n{apart}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    statuses = [int(status) for status in re.findall(r"STATUS (\d+)", done.stderr)]
    bodies = done.stdout.split("\036")[1:]
    shown = re.findall(r"^(TASK=\$\()?curl ", script, re.MULTILINE)
    bodies_in_order = iter(bodies)
    return [Answer(status, "" if kept else next(bodies_in_order)) for status, kept in zip(statuses, shown, strict=True)]


def check(address: str) -> None:
    """Each line of the README is answered as it says."""
    jira, generic, ping, tickets, amber, health, projection, task, batch, progress, handoff = run(address)
    assert [answer.status for answer in (jira, generic, ping, tickets, amber, health, projection, task, progress, handoff)] == [200] * 10
    assert batch.status == 202
    assert [item["result"] for item in tickets.json["items"]] == ["written", "unmatched", "refused"]
    assert {item["rag_status"] for item in amber.json["items"]} == {"Amber"}
    assert sum(line["points"] for line in health.json["deductions"]) == 100 - health.json["health_score"]["score"]
    assert health.json["health_score"]["account_id"] == "norrelwick-packaging"
    assert all(step["change"] < 0 for step in projection.json["steps"])
    assert task.json["health_score"]["account_id"] == "norrelwick-packaging"
    assert progress.json["task_type"] == "health_scan"
    assert handoff.json["health_score"]["account_id"] == "norrelwick-packaging"
    assert handoff.json["recommended_next_action"]
