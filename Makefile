# `make run` solves the demo city, `make test` runs all tests; both set up `.venv` first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint lock

run: .venv/.ready
	$(BIN)/snakemake --cores all

test: .venv/.ready
	$(BIN)/pytest

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile pipeline/rules
	$(BIN)/snakemake --lint

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, $(PYTHON) is %d.%d; try: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Pins every dependency with its hashes, for all supported Python versions, naming no index.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock
