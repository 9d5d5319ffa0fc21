# Everything runs in .venv, which `make setup` builds once. Paths are relative, so the clone's own may hold spaces.
PYTHON ?= python3
RUN := .venv/bin/python
PINS := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
# Where a test's servers and data are, apart from the demo's.
TESTS := TAMDASH_INSTANCE=test
PYTEST_ARGS ?= -n 2 --dist worksteal
# `check --deploy` looks at what an installation of one's own would run with, and connects to nothing.
PRODUCTION := TAMDASH_DEMO=0 TAMDASH_DEBUG=0 TAMDASH_HTTPS=1 TAMDASH_ALLOWED_HOSTS=tamdash.example \
	DATABASE_URL=postgresql://tamdash@database.example/tamdash REDIS_URL=redis://redis.example

.PHONY: help setup .venv demo demo-reset static test lint types style bench screenshots pins

help:
	@echo 'make setup        builds .venv with everything pinned'
	@echo 'make demo         fills a demo tenant and serves it until Ctrl-C, on PORT or 8000'
	@echo 'make demo-reset   removes the demo data'
	@echo 'make test         style, types, checks and every test'
	@echo 'make lint         the same without the tests'
	@echo 'make bench        speed as ratios to yardsticks measured in the same run'
	@echo 'make screenshots  the pages as pictures'
	@echo 'make pins         compiles requirements*.txt anew, with uv'

# By content, not by date: a fresh checkout dates every file anew. A stamp is left only by a finished installation.
setup:
	@cmp -s requirements-dev.txt .venv/installed.txt && $(RUN) -c '' 2>/dev/null || { \
		rm -f .venv/installed.txt && \
		{ $(RUN) -m pip --version >/dev/null 2>&1 || $(MAKE) --no-print-directory .venv; } && \
		echo 'Installing the packages into .venv ...' && \
		$(RUN) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements-dev.txt && \
		cp requirements-dev.txt .venv/installed.txt; }

.venv:
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo 'tamdash needs Python 3.11 or newer, and there is no $(PYTHON). Name one: make setup PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tamdash needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version). Name another: make setup PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear .venv

demo: setup
	@exec $(RUN) -m tamdash.demo

demo-reset: setup
	@exec $(RUN) -m tamdash.demo --reset

# The types are checked beside the rest, as they take longer than all of it.
lint: setup
	@$(MAKE) --no-print-directory -j2 types style

types:
	$(RUN) -m mypy

style:
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m djlint --lint --quiet templates
	$(TESTS) $(RUN) manage.py makemigrations --check --dry-run
	@echo 'manage.py check --deploy --fail-level WARNING'
	@$(PRODUCTION) TAMDASH_SECRET_KEY="$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(RUN) manage.py check --deploy --fail-level WARNING

# Before the tests, not in one: files that come and go under a running server are not found.
static: setup
	$(TESTS) $(RUN) manage.py collectstatic --noinput --verbosity 0

test: lint static
	$(TESTS) $(RUN) -m pytest $(PYTEST_ARGS)

bench: static
	@exec $(RUN) -m tests.bench

screenshots: setup
	@exec $(RUN) -m tests.screenshots

pins:
	@command -v uv >/dev/null || { echo 'make pins needs uv: https://docs.astral.sh/uv/' >&2; exit 1; }
	$(PINS) requirements.in -o requirements.txt
	$(PINS) requirements-dev.in -o requirements-dev.txt
	$(PINS) --no-deps requirements-model.in -o requirements-model.txt
