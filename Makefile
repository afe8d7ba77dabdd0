# From a bare clone: `make run` (the demo), `make test`, `make public` (real public data; MIRROR=dir works offline).
PYTHON ?= python3
CORES ?= 2
MIRROR ?=
BENCH ?= --growth $(if $(wildcard results/public),--workflow results/public)
ACCURACY ?=
VERDICTS ?= --jobs $(CORES)
INTAKE ?=
PYTHONS ?= 3.12 3.13
VENV ?= .venv
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
OFFLINE := $(if $(MIRROR),--config mirror=$(MIRROR))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: run public test test-fast test-pythons test-browser test-slurm test-slow lint bench accuracy intake verdicts mistakes lock clean
.DEFAULT_GOAL := run

run: $(VENV)/ready
	$(SNAKEMAKE) --configfile config/config.yaml

public: $(VENV)/ready
	$(SNAKEMAKE) --configfile config/public.yaml $(OFFLINE)

test: $(VENV)/ready-dev lint
	$(BIN)/pytest -n $(CORES) --dist loadfile -m "not slow and not slurm"

test-fast: $(VENV)/ready-dev
	$(BIN)/pytest -n $(CORES) -m "not slow and not slurm and not workflow and not browser"

# The demo on other Pythons, each in an environment of its own from the lock: two and a half minutes each.
test-pythons: $(VENV)/ready-dev
	$(BIN)/python -m tests.pythons $(PYTHONS)

test-browser: $(VENV)/ready-dev
	$(BIN)/pytest -m browser

# Brings up a private Slurm cluster: Debian, as root.
test-slurm: $(VENV)/ready-dev
	$(BIN)/pytest -m slurm tests/slurm

# Null simulations, coverage, growth: minutes each.
test-slow: $(VENV)/ready-dev
	$(BIN)/pytest -n $(CORES) -m slow

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/mypy

# Write the tables of docs/speed.md, docs/accuracy.md, docs/intake.md and docs/verdicts.md again.
bench: $(VENV)/ready-dev
	$(BIN)/python docs/tables.py docs/speed.md benchmarks $(BENCH)

accuracy: $(VENV)/ready-dev
	$(BIN)/python docs/tables.py docs/accuracy.md tests.reference $(ACCURACY)

intake: $(VENV)/ready-dev
	$(BIN)/python docs/tables.py docs/intake.md tests.intake $(INTAKE)

verdicts: $(VENV)/ready-dev
	$(BIN)/python docs/tables.py docs/verdicts.md tests.verdicts $(VERDICTS)

mistakes: $(VENV)/ready-dev
	$(BIN)/python docs/tables.py docs/intake.md tests.mistakes

lock:
	$(BIN)/python -m pip install --quiet uv
	uv=$(BIN)/uv && flags="--quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11" && \
	$$uv pip compile pyproject.toml --extra build $$flags --custom-compile-command "make lock" -o envs/lock.txt && \
	$$uv pip compile pyproject.toml --extra build --extra dev -c envs/lock.txt $$flags --custom-compile-command "make lock" \
	  -o envs/lock-dev.txt

clean:
	rm -rf .venv .venv-* .snakemake results data logs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "sevaxis needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }

# --no-deps: the lock is complete, and pip's resolver trips over an extra in it.
$(VENV)/ready: $(VENV)/bin/python envs/lock.txt pyproject.toml
	@echo "Installing the locked environment into $(VENV) (about two minutes the first time) ..."
	@$(INSTALL) --require-hashes -r envs/lock.txt
	@$(INSTALL) --no-build-isolation -e .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready envs/lock-dev.txt
	@echo "Installing the test tools ..."
	@$(INSTALL) --require-hashes -r envs/lock-dev.txt
	@touch $@
