# Doorbuster's chores; `make help` lists them. Works with GNU make 3.81 and newer.

PYTHON ?= python3
SCENARIO ?= flash_sale
PYTEST_OPTIONS ?=
LOCK_OPTIONS ?=

venv := .venv
python := $(venv)/bin/python
installed := $(venv)/.installed
pip_install = $(1) -m pip install --quiet --disable-pip-version-check --no-input

# A virtual environment and `pip install --user` exclude each other, whatever the user's pip is set to.
export PIP_USER := 0
# One stray module in the caller's environment must not stand in for a locked one.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup rehearse test bench lint lock clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(installed) ## Install everything into .venv; says nothing when nothing is to do.
	@:

rehearse: setup ## Rehearse SCENARIO (flash_sale): simulate it, run it for real, write one report.
	@$(venv)/bin/doorbuster rehearse $(SCENARIO)

test: lint ## Check the code, then run every test.
	@$(python) -m pytest --numprocesses logical --dist loadgroup $(PYTEST_OPTIONS)

bench: setup ## Measure speed; prints figures, judges nothing.
	@$(python) -m benchmarks

lint: setup ## Check style, types and the arrows between packages.
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy
	@$(venv)/bin/lint-imports

lock: ## Write requirements.lock anew after pyproject.toml changed; LOCK_OPTIONS=--upgrade takes newer versions.
	@$(PYTHON) -m venv build/lock
	@$(call pip_install,build/lock/bin/python) uv==0.13.8
	@build/lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--annotation-style line --custom-compile-command "make lock" --no-config --cache-dir build/lock/cache \
		--quiet --output-file requirements.lock $(LOCK_OPTIONS)
	@rm -rf build

clean: ## Remove what setup and the tools made; runs/ stays.
	@rm -rf $(venv) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(installed): pyproject.toml requirements.lock
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "$(PYTHON) not found: install Python 3.11 or newer, or name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11: install a newer one, or name it: make setup PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv: install it (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Installing into $(venv); the first time takes a minute or two."
	@"$(PYTHON)" -m venv $(venv)
	@$(call pip_install,$(python)) --require-hashes --requirement requirements.lock
	@$(call pip_install,$(python)) --no-deps --no-build-isolation --editable .
	@touch $@
