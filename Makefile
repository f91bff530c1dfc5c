# Every target does what it needs first; `make help` lists them.

PYTHON ?= python3.11
VENV ?= .venv
MEDEC_DIR ?=
FAULTS_ARGS ?=
PYTEST_ARGS ?=

PY := $(VENV)/bin/python
MODEL := .cache/models/smollm2-135m-instruct
RUN_TESTS := $(PY) -m pytest $(PYTEST_ARGS)

# ninja and ray are programs of the environment; DeepSpeed's compile step looks for the first on PATH.
export PATH := $(abspath $(VENV))/bin:$(PATH)
# Where `make install` compiled DeepSpeed's CPU operations to.
export TORCH_EXTENSIONS_DIR := $(abspath $(VENV))/torch_extensions

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install model test unit contract integration lint format demo bench faults lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

install: ## Virtual environment from the lock; nothing to do when it is up to date
	@PYTHON=$(PYTHON) VENV=$(abspath $(VENV)) scripts/install.sh

$(MODEL): | install
	$(PY) launch/prepare_model.py $@

model: $(MODEL) ## SmolLM2-135M-Instruct as a Hugging Face folder, converted once

test: unit contract integration ## All tests, fast ones first

unit: install ## Plain Python: under a minute
	$(RUN_TESTS) --numprocesses auto --maxprocesses 8 tests/unit

contract: install ## Upstream's symbols, this repository's shape
	$(RUN_TESTS) tests/contract

integration: $(MODEL) ## A tiny model through real Ray, vLLM and DeepSpeed
	$(RUN_TESTS) tests/integration tests/test_integration.py

lint: install ## ruff, formatting, types, shell scripts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright
	$(VENV)/bin/shellcheck --external-sources .ci/run scripts/*.sh launch/*.sh launch/slurm/*.sh launch/slurm/*.sbatch

format: install ## Let ruff fix what it can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

demo: $(MODEL) ## Warm start, self-play, evaluation in about ten minutes; MEDEC_DIR=DIR plays MEDEC's notes
	$(PY) launch/demo.py $(if $(MEDEC_DIR),--medec "$(MEDEC_DIR)")

bench: $(MODEL) ## Seconds a step, tokens a second, beside upstream's
	set -e; for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(PY) $$script; done

faults: $(MODEL) ## What faults cost a run: docs/faults.md; FAULTS_ARGS=--check compares with it
	$(PY) tests/faults/report.py $(FAULTS_ARGS)

COMPILE := DS_ACCELERATOR=cpu $(VENV)/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes \
  --custom-compile-command 'make lock'

lock: install ## Resolve every requirements/*.in to its .txt
	$(COMPILE) --override requirements/left-out.txt requirements/cpu.in --output-file requirements/cpu.txt
	$(COMPILE) --override requirements/left-out-gpu.txt requirements/gpu.in --output-file requirements/gpu.txt
	$(COMPILE) requirements/judge.in --output-file requirements/judge.txt
	$(COMPILE) requirements/judge-rule.in --output-file requirements/judge-rule.txt

clean: ## Remove caches and build output; keeps runs and the environment
	rm -rf .cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find medical_team launch tests -name __pycache__ -type d -prune -exec rm -rf {} +
