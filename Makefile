# Tocsin. `make help` lists what there is; each target is one line that calls a real tool.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := standalone services libs tests tools bench

.DEFAULT_GOAL := help
.PHONY: help setup up test check format simulate faults bench kafka generate lock image clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Make the virtual environment with all that is pinned

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tocsin needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

up: setup ## Run all of Tocsin on this machine
	@$(BIN)/tocsin up $(ARGS)

test: setup ## Run the tests that this machine allows; says what was left out
	@$(BIN)/python tools/run_tests.py $(ARGS)

check: setup ## Lint, types, import contracts, limits, generated files; under 30 s
	@$(BIN)/python tools/check.py

format: setup ## Put the code into shape
	@$(BIN)/ruff format --quiet $(SOURCES) && $(BIN)/ruff check --quiet --fix $(SOURCES)

simulate: setup ## Play an incident against a running Tocsin
	@$(BIN)/tocsin simulate latency-spike $(ARGS)

faults: setup ## Real kills, full sizes, an outside verdict; writes a report
	@$(BIN)/python -m tools.run_faults $(ARGS)

bench: setup ## Measure, side by side with Alertmanager; writes bench/results
	@PYTHONPATH=libs/testkit $(BIN)/python -m bench $(ARGS)

kafka: setup ## Fetch a real Apache Kafka for the tests (needs Java 17 and Maven)
	@PYTHONPATH=libs/testkit $(BIN)/python -m tocsin_testkit.kafka install

generate: setup ## Write the generated files anew: AsyncAPI, OpenAPI, settings, Ingress, proxy
	@$(BIN)/python -m tools.generate

lock: ## Pin every dependency with its hashes, for developers and for images (needs uv)
	@$(PYTHON) tools/lock.py $(ARGS)

image: ## Build the image of one service: make image SERVICE=paging
	docker build -f deploy/Dockerfile --build-arg SERVICE=$(SERVICE) -t tocsin-$(SERVICE) .

clean: ## Remove what the tools left behind
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist
