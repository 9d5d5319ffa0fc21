"""How Chromium is started, by tests and by the script that takes the README's pictures."""

from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    f"--{name}"
    for name in (
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]
