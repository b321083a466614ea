# Duckwire's commands. `make` by itself lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: setup ## set everything up and do the main job once
	$(BIN)/duckwire run

test: setup-dev ## set everything up and pass the tests
	$(BIN)/python -m pytest --numprocesses auto

test-slow: setup-dev ## the kill, schedule and service tests
	$(BIN)/python -m pytest -m slow

check: lint test ## lint, types, import rules and the tests: what CI runs first

lint: setup-dev ## ruff, mypy --strict and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict flows extractors storage
	$(BIN)/lint-imports

format: setup-dev ## let ruff write the format it checks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## print the benchmarks' tables for this machine
	$(BIN)/python -m pytest -m bench -s tests/benchmarks

setup: $(VENV)/.installed ## the virtual environment with the duckwire command in it

setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Duckwire needs Python 3.11 to 3.13 and found %d.%d: call make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes --no-deps --requirement requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(PIP) install --quiet --require-hashes --no-deps --requirement requirements-dev.lock
	@touch $@

lock: ## resolve the dependencies again (needs uv on the PATH)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra notebook --extra dask --extra docker --extra kubernetes --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what make made (data/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info

.PHONY: help run test test-slow check lint format bench setup setup-dev lock clean
