"""HTML on standard input, PDF on standard output. A program of its own, which knows neither settings nor database.

Ends with status 3 where the layout library, or what it needs of the system, is missing.
"""

import resource
import sys

MISSING = 3
MOST_MEMORY, MOST_SECONDS = 1 << 30, 15  # of the processor; the largest review that is to be expected takes three


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    try:
        # Here, as it loads the system's pango, which a server without PDFs does not need.
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return MISSING
    nobody = URLFetcher(allowed_protocols=())  # a text must not make the server ask anybody for anything
    page = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=nobody, base_url="about:blank")
    sys.stdout.buffer.write(page.write_pdf(pdf_tags=True, custom_metadata=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
