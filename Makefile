# Development tasks. `make test` works on a fresh clone; it needs Python 3.11 or newer, and Go for the tests against Kratos.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BENCH_VENV ?= .venv-bench
MUTANTS_VENV ?= .venv-mutants
NEIGHBOURS_VENV ?= .venv-neighbours

BIN := $(VENV)/bin
VERSION = import sys; print("%d.%d" % sys.version_info[:2])
WANTED := $(shell $(PYTHON) -c '$(VERSION)' 2>/dev/null)
TEST_TOOLS = $(VENV)/test-tools-$(WANTED)
DEV_TOOLS = $(VENV)/dev-tools-$(WANTED)
DEMO_TOOLS = $(VENV)/demo-tools-$(WANTED)
DOCS_TOOLS = $(VENV)/docs-tools-$(WANTED)
BENCH_TOOLS = $(BENCH_VENV)/bench-tools-$(WANTED)
MUTANTS_TOOLS = $(MUTANTS_VENV)/mutants-tools-$(WANTED)
NEIGHBOURS_TOOLS = $(NEIGHBOURS_VENV)/neighbours-tools-$(WANTED)

NO_ORY = No Ory is named in example_project/.env (copy .env.example there), so one is expected at http://127.0.0.1:4433; \
for an emulated one: DEBUG=true $(BIN)/python example_project/manage.py ory_mfa_emulator

.DEFAULT_GOAL := help
.PHONY: help test style format typing check dist bench chaos mutants neighbours docs demo example kratos clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# pytest takes seconds to prepare its files; with this in the environment it would do so in every process of every run.
unexport PYTHONDONTWRITEBYTECODE

test: $(TEST_TOOLS) kratos  ## run the test suite with coverage; ARGS="-k aal2 -x" goes to pytest
	@$(BIN)/python -m tests.missing
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n auto --dist loadgroup $(ARGS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report $(if $(ARGS),--fail-under=0)

style: $(DEV_TOOLS)  ## check style, formatting and the order of the rooms
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports setup.cfg

format: $(DEV_TOOLS)  ## repair what `make style` can repair by itself
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

typing: $(DEV_TOOLS)  ## check types
	$(BIN)/python -m mypy

check: style typing test  ## style, typing and test

docs: $(DOCS_TOOLS)  ## build the site of the documentation into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx -E -W --keep-going -q -b html docs docs/_build/html

# Two builds of one commit are the same bytes.
dist: export SOURCE_DATE_EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),1767225600)
dist: $(DEV_TOOLS)  ## build the sdist and the wheel into dist/
	rm -rf dist
	umask 022; $(BIN)/python -m build --no-isolation
	$(BIN)/python -m tools.repack dist/*.tar.gz
	$(BIN)/python -m twine check --strict dist/*

bench: $(BENCH_TOOLS)  ## measure beside peers, half an hour; ARGS="A G" some letters, ARGS=--quick only shows that it works
	$(BENCH_VENV)/bin/python -m benchmarks $(ARGS)

chaos: $(TEST_TOOLS) kratos  ## what a site does while a real Kratos falls ill; ARGS="--server uvicorn --cache redis"
	@$(BIN)/python -m tools.chaos $(ARGS)

mutants: $(MUTANTS_TOOLS)  ## mistakes that no test would notice, hours; ARGS="core/decision.py" one module, ARGS=core a folder
	@$(MUTANTS_VENV)/bin/python -m tools.mutants $(ARGS)

neighbours: $(NEIGHBOURS_TOOLS)  ## try much-used Django packages beside this one, some minutes, and write the page about it; ARGS="wagtail"
	@$(NEIGHBOURS_VENV)/bin/python -m tests.neighbours $(ARGS)

demo: $(DEMO_TOOLS)  ## see it work, on http://127.0.0.1:8000/, with an emulated Ory; ARGS="--port 8001"
	@$(BIN)/python example_project/demo.py $(ARGS)

# What is not in the environment comes from example_project/.env; without that file these are settings for development.
example: $(TEST_TOOLS)  ## serve the example project on http://127.0.0.1:8000/, with the Ory of example_project/.env
	$(if $(wildcard example_project/.env)$(ORY_SDK_URL),,@echo "$(NO_ORY)" >&2)
	$(if $(wildcard example_project/.env),,DEBUG=true) $(BIN)/python example_project/manage.py migrate -v0
	$(if $(wildcard example_project/.env),,DEBUG=true) $(BIN)/python example_project/manage.py fill_shop
	$(if $(wildcard example_project/.env),,DEBUG=true) $(BIN)/python example_project/manage.py runserver $(ARGS)

clean:  ## remove everything that was built here, the virtual environment included
	rm -rf $(VENV) $(BENCH_VENV) $(MUTANTS_VENV) $(NEIGHBOURS_VENV) .mutants docs/_build benchmarks/express/node_modules .tox build dist *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without Go the script says so in one line and the suite skips its Kratos part; REQUIRE_KRATOS=1 makes that a failure.
kratos: $(TEST_TOOLS)
	@$(BIN)/python tests/kratos/build.py || test -z "$$REQUIRE_KRATOS"

# The stamps carry the Python version, so that another PYTHON= makes the environment anew.
define NEW_VENV
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
    echo "django-ory-mfa needs Python 3.11 or newer, but '$(PYTHON)' is $(or $(WANTED),not there). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
    exit 1; }
@test "$$($(BIN)/python -c '$(VERSION)' 2>/dev/null)" = "$(WANTED)" || $(PYTHON) -m venv --clear $(VENV)
endef

$(TEST_TOOLS): setup.cfg pyproject.toml
	$(NEW_VENV)
	@echo "Installing the package and the tools of its tests into $(VENV); this takes some minutes." >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(DEMO_TOOLS): setup.cfg pyproject.toml
	$(NEW_VENV)
	@echo "Installing the demo into $(VENV), about a minute." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(DEV_TOOLS): $(TEST_TOOLS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	@touch $@

$(DOCS_TOOLS): $(TEST_TOOLS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,docs]'
	@touch $@

# The peers have an environment of their own, where their versions cannot disturb the tests.
$(BENCH_TOOLS): setup.cfg pyproject.toml
	@test "$$($(BENCH_VENV)/bin/python -c '$(VERSION)' 2>/dev/null)" = "$(WANTED)" || $(PYTHON) -m venv --clear $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

# Apart from the tests, so that what it needs for itself is not there when these run.
$(MUTANTS_TOOLS): setup.cfg pyproject.toml
	@test "$$($(MUTANTS_VENV)/bin/python -c '$(VERSION)' 2>/dev/null)" = "$(WANTED)" || $(PYTHON) -m venv --clear $(MUTANTS_VENV)
	$(MUTANTS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test,mutants]'
	@touch $@

# Each neighbour is installed here for its trial and taken away again; YAML is for the servers that some need.
$(NEIGHBOURS_TOOLS): setup.cfg pyproject.toml
	@test "$$($(NEIGHBOURS_VENV)/bin/python -c '$(VERSION)' 2>/dev/null)" = "$(WANTED)" || $(PYTHON) -m venv --clear $(NEIGHBOURS_VENV)
	$(NEIGHBOURS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable . 'PyYAML>=6.0'
	@touch $@
