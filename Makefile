# Everything a newcomer needs: `make demo` and `make test`. Only Python 3.11+ and make have to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint schemas clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

# Compiled once here: where PYTHONDONTWRITEBYTECODE is set, every start would compile openai's 800 modules again.
$(VENV)/.ready: pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint .ci/constraints.txt
	@$(BIN)/python -m compileall -q $(VENV)/lib reconciler || true
	@touch $@

setup: $(VENV)/.ready  ## a virtual environment in .venv

demo: setup  ## walk through the main job on the sample organisation
	@$(BIN)/reconciler demo

test: setup  ## the suite, about three minutes
	$(BIN)/python -m pytest -n $(JOBS)

test-all: setup  ## the suite and the long runs
	$(BIN)/python -m pytest -n $(JOBS) -m 'long or not long'

lint: setup  ## ruff, mypy, the arrows between packages, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schemas: setup  ## write schemas/ from resources/
	$(BIN)/reconciler schema --out schemas

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .reconciler manifests/.reconciler
