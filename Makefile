# JiraVision: everything a person does here, by name. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(BIN)/uv
ARTEFACTS ?= artefacts
# Tests wait longer than they compute: three workers for each processor keep it busy.
JOBS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) * 3 )))
# Dozens of processes run the same modules: without compiled files each of them would compile them all again.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/pytest -q -n $(JOBS) --dist loadgroup
# Trust what the system trusts, as pip does: behind a company's proxy uv's own list of authorities is not enough.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: help setup services demo run check types house test test-faults test-all test-scaled test-fast migrate screenshots bench eval lock clean

help: ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(VENV)/.run: requirements.lock pyproject.toml | $(UV)
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.dev ## install the locked dependencies into .venv

services: ## make sure that PostgreSQL, Redis and Chromium are there for the tests (installs them when root)
	@bash tests/services.sh

demo: $(VENV)/.run ## watch an issue being judged in a pretend Jira (MODE=once ends after the comment)
	@$(BIN)/jiravision demo $(if $(filter once,$(MODE)),--once)

run: $(VENV)/.run ## serve the add-on with the settings of the environment and .env
	@$(BIN)/jiravision serve

migrate: $(VENV)/.run ## bring the database to the newest schema
	@$(BIN)/jiravision migrate

check: $(VENV)/.dev ## style (ruff), types (mypy) and the house's rules (tests/house)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 types house

types: $(VENV)/.dev
	$(BIN)/mypy

house: $(VENV)/.dev
	$(BIN)/pytest -q tests/house
	@# Every test can be imported, and is compiled once before many processes want it at the same time.
	@$(BIN)/pytest --collect-only -q >$(VENV)/collected.txt 2>&1 || { tail -n 60 $(VENV)/collected.txt; exit 1; }

test: $(VENV)/.dev services ## the tests beside those of check: SQLite, PostgreSQL, real processes, Chromium (FAULTS=1: with test-faults among them)
	$(PYTEST) --ignore tests/house -m "$(if $(FAULTS),not long or faults,not long and not (faults and process))"

test-faults: $(VENV)/.dev services ## kills, restarts and freezes of everything in the middle of work, attacks, wrong clocks
	$(PYTEST) -m faults

test-all: $(VENV)/.dev services ## the long ones too: every state of every page with axe, pictures, kills while writing
	$(PYTEST)

test-scaled: $(VENV)/.dev services ## the flow tests on two web, two worker and two scheduler processes
	JIRAVISION_TEST_SHAPE=scaled $(PYTEST) -m "not long" tests/flow

test-fast: $(VENV)/.dev ## the tests without processes and browser
	$(PYTEST) -m "not browser and not process" tests/house tests/unit

screenshots: $(VENV)/.dev services ## the pages as pictures, into artefacts/ and docs/images/
	JIRAVISION_DOCS_IMAGES=1 $(BIN)/pytest -q tests/browser -k screenshot

bench: $(VENV)/.dev services ## measure what requests, analyses and streams cost, side by side with less (BENCH=--short)
	@$(BIN)/python -m bench $(BENCH)

eval: $(VENV)/.dev ## measure how well issues are judged: by the rules, and by the model of the environment or .env
	@$(BIN)/python -m bench.eval $(EVAL)

lock: $(UV) ## resolve the dependencies anew
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what can be made again (never your data)
	rm -rf $(VENV) $(ARTEFACTS) .pytest_cache .mypy_cache .ruff_cache .hypothesis
