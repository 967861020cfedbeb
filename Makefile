# Every target sets up what it needs: a virtual environment in .venv, packages, and bubblewrap.
# The first run takes a minute or two; later ones reuse everything.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= $(shell nproc)
# Apart from make test: the attacks, which time whole classes, the hub, which needs the machine for itself, and what has not been seen to hold on an idle machine yet.
APART := tests/platform/attacks tests/platform/hub tests/platform/faults/test_faults.py \
	tests/platform/benchmarks/test_large_class.py tests/platform/audit/test_sample.py \
	tests/platform/authoring/test_scaffold.py
export OMP_NUM_THREADS ?= 1

.PHONY: help setup sandbox browser demo test test-fast test-apart attacks test-attacks hub test-hub faults fuzz check lint types contract stale audit bench clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

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

browser:  # a few tests open pages in a real browser; where there is none, and no root, they say that they were skipped
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ]; then \
		echo "Installing chromium, for the tests that open pages in a browser ..."; \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	else \
		echo "chromium is not installed: tests that need a browser are skipped. For them: sudo apt-get install -y chromium"; \
	fi

demo: setup  ## Build, make a class, grade it, write feedback and reports
	@$(BIN)/autograder demo

test: setup browser  ## All tests, the slow ones too; not those that are apart, see test-apart
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(APART:%=--ignore=%) $(PYTEST_ARGS)

test-apart: setup browser  ## Trials of the audit, each fault once, a large class: many minutes, on an idle machine
	$(BIN)/python -m pytest $(filter-out tests/platform/attacks tests/platform/hub,$(APART)) $(PYTEST_ARGS)

attacks: setup browser  ## Some 270 ways to cheat, leak or break the grader, through the real command: a table (minutes)
	$(BIN)/python -m tests.platform.attacks

test-attacks: setup browser  ## The same as tests, with the pages of each in a browser
	$(BIN)/python -m pytest tests/platform/attacks $(PYTEST_ARGS)

hub: setup  ## A JupyterHub with the course on it, for a demo; Ctrl-C ends it
	@$(BIN)/autograder hub

test-hub: setup browser  ## The way of an assignment through the hub, in a real browser (minutes)
	$(BIN)/python -m pytest tests/platform/hub $(PYTEST_ARGS)

faults: setup  ## Kill, stop, starve and confuse the grader at random moments: nothing may be lost (hours; goes on with FAULTS_ARGS="--log FILE")
	$(BIN)/python -m tests.platform.faults $(FAULTS_ARGS)

fuzz: setup  ## 10 000 mutated notebooks, 100 000 hostile messages, settings: nothing may be uncaught
	$(BIN)/python -m tests.platform.fuzz

test-fast: setup  ## The tests that take seconds
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow' $(APART:%=--ignore=%) $(PYTEST_ARGS)

check: lint types contract stale test  ## What CI runs: lint, types, import contract, stale releases, tests

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contract: setup
	$(BIN)/lint-imports

stale: setup
	$(BIN)/autograder build --check

audit: setup  ## Measure the hidden suites: known answers, mutants, steadiness, tolerances (an hour); a page: audit.html
	$(BIN)/autograder audit --part all --gate --html audit.html

bench: setup  ## Time grading against stock nbgrader, side by side
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean:  ## Remove the virtual environment and everything generated
	rm -rf $(VENV) demo hub .autograder .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		benchmarks/.otter-venv benchmarks/results
