# Two commands lead in: `make demo` and `make test`. `make help` lists the others.

PORT ?= 8000
ROUNDS ?= 200
PYTHON := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null)
SHELL := /bin/sh

# Local work never runs with production's settings, also where DATABASE_URL names the database to use.
export ASPIRE_MODE := local

.PHONY: help demo test lint storm bench screenshots messages lock
.DEFAULT_GOAL := help

help: ## List these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: .venv/runtime ## Serve ASPIRE with the briefing and demo data on http://127.0.0.1:8000 (PORT= changes it)
	@$(PYTHON) manage.py demo --port $(PORT)

test: .venv/development ## Run the tests (on the server of DATABASE_URL where it is set, embedded PostgreSQL otherwise)
	$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist worksteal --cov --cov-report=term $(ARGUMENTS)

lint: .venv/development ## Check style, types, templates and migrations
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	git ls-files -co --exclude-standard -- '*.html' | xargs -r .venv/bin/djade --target-version 5.2 --check
	$(PYTHON) manage.py makemigrations --check --dry-run

storm: .venv/development ## Run the storms on the pot and on the tallies in full (ROUNDS= changes the 200 rounds)
	ASPIRE_STORM_ROUNDS=$(ROUNDS) $(PYTHON) -m pytest -q tests/test_awards_concurrency.py tests/test_tallies.py

bench: .venv/development ## Measure the boards and the rules against plain SQL
	$(PYTHON) -m tests.bench

screenshots: .venv/development ## Take every page at 1280 and 390 px (SIZES="0 1 100000": boards of so many rows)
	$(PYTHON) -m tests.screenshots $(SIZES)

messages: .venv/development ## Compile the Japanese catalogue after an edit
	.venv/bin/pybabel compile --directory aspire/locale --domain django --statistics

lock: ## Renew both lock files (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-strip-extras --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-strip-extras --no-emit-index-url --no-emit-find-links pyproject.toml --group dev --output-file requirements-dev.lock

# Each of the two files stands for an installation from its lock file, done again only when that has changed.
.venv/runtime: requirements.lock
.venv/development: requirements-dev.lock
.venv/runtime .venv/development:
	@echo "Installing from $< …"
ifdef UV
	@$(PYTHON) -c '' 2>/dev/null || uv venv --quiet --clear .venv
	@uv pip install --quiet --native-tls --python $(PYTHON) --require-hashes --requirements $<
else
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ASPIRE needs Python 3.11 or newer as python3, or uv." >&2; exit 1; }
	@$(PYTHON) -c '' 2>/dev/null || python3 -m venv --clear .venv
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
endif
	@touch $@
