# Start with `make demo` and `make test`. Requirements: Python 3.11 or later, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCS := build/docs
JOBS ?= auto
PYTEST_ARGS ?=
# If this is set, every process that a test starts compiles all modules again, which takes a second each.
unexport PYTHONDONTWRITEBYTECODE
# Test durations range from a millisecond to a minute: idle workers take tests from other workers.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is required. To select one: make PYTHON=python3.12 ...")'

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-all test-full bench bench-state coverage lint schemas workflows reference pages images docs \
  test-docs wheel image action clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## *' '{printf "make %-10s %s\n", $$1, $$2}'

LOCKS := $(addprefix setup/requirements/,build.txt editable.txt base.txt emulator.txt)
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
# With PYTHONDONTWRITEBYTECODE, every start would compile the 800 modules of openai again.
COMPILE = $(BIN)/python -m compileall -q $(VENV)/lib >/dev/null || true

# What the demo needs. `make setup` adds what the tests need to the same environment.
$(VENV)/.demo: pyproject.toml $(LOCKS)
	@$(CHECK_PYTHON)
	@echo "Creating a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing Reconciler and the $$(cat $(LOCKS) | grep -c ==) packages that it uses (about 20 seconds) ..."
	@$(PIP) install --require-hashes --only-binary :all: $(addprefix --requirement ,$(LOCKS))
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.ready: $(VENV)/.demo .ci/requirements.txt
	@echo "Installing the packages that the tests and linters need, Node.js among them (about a minute) ..."
	@$(PIP) install --require-hashes --requirement .ci/requirements.txt
	@$(COMPILE)
	@touch $@

setup: $(VENV)/.ready  ## create a virtual environment in .venv, with all that the tests need

demo: $(VENV)/.demo  ## run the demo on the sample organisation (half a minute)
	@$(BIN)/reconciler demo

test: setup  ## run the test suite (15 to 25 minutes on two cores)
	$(PYTEST)
	$(BIN)/python -m pytest -m alone $(PYTEST_ARGS)

test-long: setup  ## run the long tests
	$(PYTEST) -m long

test-all: test test-long  ## run the test suite and the long tests

test-full: setup  ## run the long tests with full counts, such as 5,000 generated estates
	$(PYTEST) -m long --full

bench: setup  ## measure every step beside Terraform, octoDNS and an earlier version (half an hour)
	$(BIN)/python -m benchmarks

bench-state: setup  ## measure the cost of an object in small and large projects (half an hour)
	$(BIN)/python -m benchmarks.linear local
	$(BIN)/python -m benchmarks.linear postgres

coverage: setup  ## run the test suite and report the lines that it does not cover
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n $(JOBS) -q $(PYTEST_ARGS)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

lint: setup  ## run ruff, mypy, import-linter and the linters of workflows and the Containerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet .github/workflows setup
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions setup/action.yml
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml
	$(BIN)/hadolint Containerfile

schemas: setup  ## write the JSON Schemas to schemas/
	$(BIN)/reconciler schema --out schemas

workflows: setup  ## write setup/requirements/ and the workflows of this repository
	$(BIN)/python -m tests.support.setup_locks
	$(BIN)/python -m tests.support.own_workflows

reference: setup  ## write the reference in docs/reference/
	$(BIN)/python -m tests.support.reference

pages: setup reference  ## run the commands in docs/ and write their outputs
	$(BIN)/python -m tests.e2e.rewrite

images: setup  ## make the screenshots in docs/images/ (requires Chromium)
	$(BIN)/python -m tests.e2e.images

# In an environment of its own: tests do not need these packages.
$(DOCS)/.ready: .ci/requirements-docs.txt
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	@touch $@

docs: $(DOCS)/.ready  ## build the documentation site in build/site, and check its links
	$(DOCS)/bin/python -m tests.support.site
	rm -rf build/site
	$(DOCS)/bin/zensical build --clean --strict

test-docs: setup docs  ## open the documentation site in a browser (requires Chromium)
	$(BIN)/python -m pytest -m site $(PYTEST_ARGS)

wheel: setup  ## build the packages in dist/, install the wheel and run the demo, and list what it installs (SBOM)
	rm -rf dist build/wheel
	$(BIN)/python -m hatchling build --directory dist
	$(PYTHON) -m venv --without-pip build/wheel
	$(PIP) --python build/wheel/bin/python install --require-hashes --only-binary :all: \
	  --requirement setup/requirements/base.txt --requirement setup/requirements/emulator.txt
	$(PIP) --python build/wheel/bin/python install --no-deps dist/*.whl
	cd build && wheel/bin/reconciler demo >/dev/null && echo "The wheel is valid."
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/assistant-reconciler.cdx.json build/wheel/bin/python

image: ENGINE ?= $(firstword $(notdir $(shell command -v podman docker)))
image:  ## build the container image with Podman or Docker and run the demo in it
	@test -n "$(ENGINE)" || { echo "Podman or Docker is required."; exit 1; }
	$(ENGINE) build --file Containerfile --tag reconciler .
	$(ENGINE) run --rm --user 12345:12345 reconciler demo >/dev/null && echo "The image is valid."

action: setup  ## run the installation of the action in setup/ and the demo
	rm -rf build/action
	PYTHON=$(PYTHON) setup/install build/action emulator
	cd build && action/commands/reconciler demo >/dev/null && echo "The action is valid."

clean:  ## delete the virtual environment, builds and caches
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .reconciler manifests/.reconciler
