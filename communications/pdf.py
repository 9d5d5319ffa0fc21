"""A draft as PDF. A process of its own lays it out: a text can be made to take minutes and gigabytes, and that ends there."""

import os
import re
import signal
import subprocess
import sys

from django.conf import settings
from django.template.loader import render_to_string

from communications import printed
from communications.models import Communication

LONGEST_SECONDS = 40  # on the clock; the process gives up after fewer of its own
MISSING = 3  # exit status: the layout library or what it needs of the system is not there
PAPERS = {"a4": "A4", "letter": "Letter"}
# All that the other process is told of this one; none of it is secret.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")
SPANS = re.compile(r'\s(?:col|row)span="(?!\d{1,2}")[^"]*"')  # a table of a million columns is not worth drawing


class NoPdf(Exception):
    """The message is for the person who asked, `remedy` for those who run the server."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def of(draft: Communication, paper: str = "a4") -> bytes:
    """Raises NoPdf."""
    context = {"printed": printed.of(draft), "body": SPANS.sub("", draft.body_html), "paper": PAPERS.get(paper, "A4")}
    return laid_out(render_to_string("communications/pdf.html", context))


def laid_out(html: str) -> bytes:
    command = [sys.executable, "-m", "communications.pdf_writer"]
    told = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - this program's own interpreter and module; the text is data on its standard input
            command, input=html.encode(), capture_output=True, timeout=LONGEST_SECONDS, cwd=settings.BASE_DIR, env=told, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NoPdf("Laying out this text takes too long.") from error
    if done.returncode == MISSING:
        remedy = "The server lacks weasyprint or its system libraries: install the Debian packages libpango-1.0-0, libpangoft2-1.0-0, "
        raise NoPdf("PDF is not set up on this server.", remedy + "libharfbuzz-subset0 and fonts-dejavu-core.")
    if done.returncode == -signal.SIGXCPU:
        raise NoPdf("Laying out this text takes too long.")
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise NoPdf("This text could not be laid out as a PDF.")
    return done.stdout
