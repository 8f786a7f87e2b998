# Everything happens in .venv beside this file; nothing else is needed but Python 3.11, git and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

# Tests that wait for other programs do so side by side: more workers than cores.
WORKERS ?= 4
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --durations 20

.PHONY: help demo test test-account test-fast hunt lint types agents bench pictures schema configuration clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml
	@echo 'Setting up what this needs in $(VENV), which takes a minute or two …'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed  ## the PocketOS incident, on loopback: you are the person who is asked
	@$(BIN)/python demo/pocketos.py

test: lint types  ## everything that CI runs
	$(PYTEST)

#: Files and terminals that a person's account has or lacks decide there, and whose processes are whose.
ACCOUNT := actions bypasses cli edge journeys shim truth watch test_demo.py test_pipeline.py

test-account: $(VENV)/.installed  ## the tests for which it matters who runs them: root or an ordinary user
	$(PYTEST) $(ACCOUNT:%=tests/%)

test-fast: lint types  ## without the tests that drive real programs and terminals
	$(PYTEST) -m 'not real'

hunt: $(VENV)/.installed  ## make up calls and hold the guard against real programs, with MINUTES=10 and SEED=NUMBER
	$(BIN)/python tests/hunt.py $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

lint: $(VENV)/.installed  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed  ## mypy --strict
	$(BIN)/mypy

agents:  ## fetch the real agent that the tests marked `agents` drive (needs npm)
	npm install --silent --no-audit --no-fund --prefix .agents @anthropic-ai/claude-code@2.1.197

bench: $(VENV)/.installed  ## what the guard costs; with CORPORA=DIRECTORY also how the command lines in its *.txt are rated
	$(BIN)/python benchmarks/speed.py --record $(if $(CORPORA),--corpora $(CORPORA))
	$(if $(CORPORA),$(BIN)/python benchmarks/corpora.py --record $(CORPORA))

pictures: $(VENV)/.installed  ## docs/watch*.svg, drawn anew
	$(BIN)/python docs/pictures.py

schema: $(VENV)/.installed  ## rules/schema.json and rules/apis/schema.json, written anew
	$(BIN)/python -m agentguard.rulebook.schema rules

configuration: $(VENV)/.installed  ## docs/configuration.md, written anew
	$(BIN)/python docs/configuration.py

clean:  ## remove what this file made
	rm -rf $(VENV) .agents .mypy_cache .ruff_cache .pytest_cache .hypothesis
