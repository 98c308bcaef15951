# `make run` solves the demo city, `make test` runs all tests, `make docs` builds the site; all set up `.venv` first.
PYTHON ?= python3
# Modules, not the scripts in .venv/bin: the first line of a script cannot name a path with a blank.
RUN := .venv/bin/python -m

.PHONY: run test lint docs lock

run: .venv/.ready
	$(RUN) snakemake --cores all

# Two files run side by side: more BLAS threads than that wait for each other, an eighth of the processor time.
test: .venv/.ready
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(RUN) pytest

lint: .venv/.ready
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) snakefmt --check Snakefile pipeline/rules
	$(RUN) snakemake --lint

# The documentation as a site, in site/. The variable silences an advertisement.
docs: .venv/.ready
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --quiet

# All is compiled at once: where Python may not write, each step would compile what it imports anew.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, $(PYTHON) is %d.%d; try: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(RUN) compileall -q pipeline
	.venv/bin/python -c 'import pipeline.raster.kernels'
	touch $@

# Pins every dependency with its hashes, for all supported Python versions, naming no index.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock
