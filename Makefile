# Every target sets up what it needs: a virtual environment in .venv, packages, and bubblewrap.
# The first run takes a minute or two; later ones reuse everything.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= $(shell nproc)
export OMP_NUM_THREADS ?= 1

.PHONY: help setup sandbox demo test test-fast attacks check lint types contract stale audit bench clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP) sandbox  ## Install everything (done by all other targets)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. Run: sudo apt-get install -y python3-venv" >&2; exit 2; }
	@echo "Installing packages into $(VENV) (once, a minute or two) ..."
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[dev]'
	@touch $@

sandbox:
	@command -v bwrap >/dev/null || if [ "$$(id -u)" = 0 ]; then \
		echo "Installing bubblewrap ..."; apt-get update -qq && apt-get install -y -qq bubblewrap >/dev/null; \
	else \
		echo "bubblewrap, which the sandbox needs, is not installed. Run: sudo apt-get install -y bubblewrap" >&2; exit 2; \
	fi

demo: setup  ## Build, make a class of 60, grade it, write feedback and reports
	@$(BIN)/autograder demo

test: setup  ## All tests, the slow ones too
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --ignore=tests/platform/attacks $(PYTEST_ARGS)

attacks: setup  ## Some 270 ways to cheat, leak or break the grader, through the real command (many minutes)
	$(BIN)/python -m pytest tests/platform/attacks $(PYTEST_ARGS)

test-fast: setup  ## The tests that take seconds
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow' --ignore=tests/platform/attacks $(PYTEST_ARGS)

check: lint types contract stale test  ## What CI runs: lint, types, import contract, stale releases, tests

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contract: setup
	$(BIN)/lint-imports

stale: setup
	$(BIN)/autograder build --check

audit: setup  ## Measure the hidden suites: reference, stub, known mistakes, alternatives
	$(BIN)/autograder audit

bench: setup  ## Time grading against stock nbgrader, side by side
	$(BIN)/python -m benchmarks

clean:  ## Remove the virtual environment and everything generated
	rm -rf $(VENV) demo .autograder .pytest_cache .mypy_cache .ruff_cache .hypothesis
