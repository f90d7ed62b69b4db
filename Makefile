# `make help` lists the targets. Each makes .venv first when it must.
.DEFAULT_GOAL := help
.PHONY: help demo up test lint format bench docs clean deps-real test-faults

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PARTS := libs/rockseg_core libs/rockseg_model libs/rockseg_training services/api services/inference services/standalone
DEV := pytest pytest-asyncio pytest-timeout hypothesis mypy ruff import-linter pre-commit psutil types-psutil httpx requests types-requests testcontainers
PHOTO ?=
export PHOTO  # through the environment, so that a name with blanks or quotes stays one name

help:  ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  %-10s %s\n' "$$name" "$$what"; done

$(STAMP): constraints.txt $(PARTS:%=%/pyproject.toml)
	@echo "Installing into $(VENV): about 3 GB to download, most of it torch; 3 to 5 minutes."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "rockseg needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(DEV) $(PARTS:%=-e ./%)
	@touch $@

demo: $(STAMP)  ## Segment a core photo through the real API, log, worker and model. PHOTO=core.jpg for your own.
	@$(BIN)/python -m rockseg_standalone.demo "$$PHOTO"

up: $(STAMP)  ## Serve API, worker and model on this machine.
	@$(BIN)/rockseg up

test: $(STAMP)  ## Run the tests.
	@$(BIN)/python -m pytest

lint: $(STAMP)  ## Check format, rules, types, architecture and file sizes.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tests/lint_layout.py

format: $(STAMP)  ## Format the code and mend what a machine can.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP)  ## Measure speed beside a baseline; writes benchmarks/latest.json.
	@$(BIN)/python -m benchmarks

docs: $(STAMP)  ## Make the generated tables and the picture of the README anew.
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.picture

deps-real: $(STAMP)  ## Install the servers that the tests on real parts start, into ~/.cache/rockseg: 3 minutes, once.
	@$(BIN)/python -m tests.real.install

test-faults: $(STAMP)  ## Run the slow tests that cut, stop and kill real parts.
	@$(BIN)/python -m pytest -m faults -s

clean:  ## Remove .venv and what the tools left; results in out/ stay.
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis benchmarks/latest.json
