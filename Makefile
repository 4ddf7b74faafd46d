# `make help` lists what there is. Every target sets up what it needs in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-core lint docs check-docs bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | column -t -s "$$(printf '\t')"

$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e .
	@touch $@

$(VENV)/dev: $(VENV)/base
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[dev]'
	@touch $@

demo: $(VENV)/base  ## clean the sample data and show what came of it
	$(BIN)/curate clean sample_data/alpaca.jsonl -o out/demo --force

test: $(VENV)/dev  ## the whole suite, style, types and generated files: what CI runs
	$(MAKE) --no-print-directory lint check-docs
	$(BIN)/python -m pytest -n 2

test-core: $(VENV)/dev  ## the quick part of the suite
	$(BIN)/python -m pytest -n 2 -m 'not slow'

lint: $(VENV)/dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/dev  ## write the generated pages and schemas anew
	$(BIN)/python docs/generate.py

check-docs: $(VENV)/dev
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/dev  ## speed and memory against peers, see tests/bench/README.md
	$(BIN)/python -m tests.bench

clean:  ## remove what the targets above made
	rm -rf $(VENV) out build dist *.egg-info
