# Everything a newcomer needs: `make demo` and `make test`. Only Python 3.11+ and make have to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
PYTEST_ARGS ?=
# Where it is set, every process that a test starts would compile all our modules again: a second each.
unexport PYTHONDONTWRITEBYTECODE
# Tests take from a millisecond to a minute: who has none left takes some of the others'.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-all benchmark coverage lint schemas wheel clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## *' '{printf "make %-10s %s\n", $$1, $$2}'

# Compiled once here: where PYTHONDONTWRITEBYTECODE is set, every start would compile openai's 800 modules again.
$(VENV)/.ready: pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint .ci/constraints.txt
	@$(BIN)/python -m compileall -q $(VENV)/lib >/dev/null || true
	@touch $@

setup: $(VENV)/.ready  ## a virtual environment in .venv

demo: setup  ## walk through the main job on the sample organisation
	@$(BIN)/reconciler demo

test: setup  ## the suite, about five minutes on two cores
	$(PYTEST)

test-long: setup  ## the long runs
	$(PYTEST) -m long

test-all: test test-long  ## the suite and the long runs

benchmark: setup  ## what an object costs among few and among many; takes half an hour
	PYTHONPATH=. $(BIN)/python benchmarks/linear.py local
	PYTHONPATH=. $(BIN)/python benchmarks/linear.py postgres

coverage: setup  ## the suite again, and which lines it leaves out
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n $(JOBS) -q $(PYTEST_ARGS)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

lint: setup  ## ruff, mypy, the arrows between packages, the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet .github/workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

schemas: setup  ## write schemas/ from resources/
	$(BIN)/reconciler schema --out schemas

wheel: setup  ## build the wheel, install it elsewhere, and run the demo from there
	rm -rf dist build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt \
	  "$$(ls dist/*.whl)[emulator]"
	cd build && wheel/bin/reconciler demo >/dev/null && echo "the wheel works"

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .reconciler manifests/.reconciler
