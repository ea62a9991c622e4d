# Two commands lead in: `make demo` and `make test`. `make help` lists the others.

PORT ?= 8000
ROUNDS ?= 200
WORKERS ?= -n auto --maxprocesses 4 --dist worksteal
BASE ?= python3
VENV ?= .venv
PYTHON := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
SHELL := /bin/sh

# Local work never runs with production's settings, also where DATABASE_URL names the database to use.
export ASPIRE_MODE := local
# Compiled modules are kept: without them each of the many processes of a test run compiles every test anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test sweep lint storm manifest chaos bench figures screenshots messages lock
.DEFAULT_GOAL := help
.NOTPARALLEL:
# The Japanese catalogue is compiled where its text is newer.
CATALOGUE := aspire/locale/ja/LC_MESSAGES/django.mo

help: ## List these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: $(VENV)/runtime $(CATALOGUE) ## Serve ASPIRE with the briefing and demo data on http://127.0.0.1:8000 (PORT= changes it)
	@$(PYTHON) manage.py demo --port $(PORT)

# A whole run says what it covered; ARGUMENTS= chooses some tests, whose coverage would say nothing.
test: $(VENV)/development $(CATALOGUE) ## Run the tests (on the server of DATABASE_URL where it is set, embedded PostgreSQL otherwise)
	$(if $(ARGUMENTS),,ASPIRE_COVERAGE=1) $(PYTHON) -m pytest $(WORKERS) $(ARGUMENTS)

sweep: $(VENV)/development $(CATALOGUE) ## Try what a release needs: every page in a browser, all examples, storms in full, LibreOffice
	ASPIRE_SWEEP=1 ASPIRE_STORM_ROUNDS=$(ROUNDS) $(PYTHON) -m pytest $(WORKERS) -m "sweep or more" $(ARGUMENTS)

lint: $(VENV)/development $(CATALOGUE) ## Check style, types, templates, migrations and rules
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	git ls-files -co --exclude-standard -- '*.html' | xargs -r $(VENV)/bin/djade --target-version 5.2 --check
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py rules --carried

storm: $(VENV)/development $(CATALOGUE) ## Run the storms on the pot and on the tallies in full (ROUNDS= changes the 200 rounds)
	ASPIRE_STORM_ROUNDS=$(ROUNDS) $(PYTHON) -m pytest -q tests/awards/test_awards_concurrency.py tests/tallies/test_tallies.py

chaos: $(VENV)/development $(CATALOGUE) ## Stop, lock, fill and kill what the site stands on, on an engine of its own, and print how it fares
	$(PYTHON) -m tests.chaos

manifest: $(VENV)/development $(CATALOGUE) ## Write down what the migrations make (aspire/operations/manifest.txt), after adding one
	WRITE_MANIFEST=1 $(PYTHON) -m pytest -q -n0 tests/operations/test_manifest.py -k migrations_make

bench: $(VENV)/development $(CATALOGUE) ## Measure pages, rules and imports against plain SQL and an empty page
	$(PYTHON) -m tests.bench

figures: $(VENV)/development ## Count lines, modules, long functions and files, Any and ignores
	$(PYTHON) -m tests.figures

screenshots: $(VENV)/development $(CATALOGUE) ## Take every page at 1280 and 390 px (SIZES="0 1 100000": boards of so many rows)
	$(PYTHON) -m tests.screenshots $(SIZES)

messages: $(VENV)/development $(CATALOGUE) ## Compile the Japanese catalogue where its text is newer

$(CATALOGUE): $(CATALOGUE:.mo=.po)
	@$(VENV)/bin/pybabel --quiet compile --directory aspire/locale --domain django

lock: ## Renew both lock files (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-strip-extras --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-strip-extras --no-emit-index-url --no-emit-find-links pyproject.toml --group dev --output-file requirements-dev.lock

# Each of the two files stands for an installation from its lock file, done again only when that has changed.
$(VENV)/runtime: requirements.lock
$(VENV)/development: requirements-dev.lock
$(VENV)/runtime $(VENV)/development:
	@echo "Installing from $< …"
ifdef UV
	@$(PYTHON) -c '' 2>/dev/null || uv venv --quiet --clear --python $(BASE) $(VENV)
	@uv pip install --quiet --native-tls --python $(PYTHON) --require-hashes --requirements $<
else
	@$(BASE) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ASPIRE needs Python 3.11 or newer as $(BASE), or uv." >&2; exit 1; }
	@$(PYTHON) -c '' 2>/dev/null || $(BASE) -m venv --clear $(VENV)
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
endif
	@touch $@
