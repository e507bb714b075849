# Everything a user or a developer does here is one target; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV   ?= .venv
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$p && break; done)
TORCH  ?= torch==2.13.0
DIST   ?= dist
JOBS   ?= 2
SEEDS  ?= 3
LATEST_TORCH ?= torch
CONFIG ?= rllib_configs/vr_interaction.yaml
BIN    := $(VENV)/bin
GDSCRIPT := spacetime_rl/godot docs/tutorial

# Many images set this. Then each of the processes of a run would compile Ray, torch and MLflow again, for 5 to 10 seconds;
# setup imports them once, so that the compiled files are there for commands outside of make, too.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup train baseline baselines test test-all chaos check lint type format bench clean mlflow lock dist docs animations hashes test-oldest test-latest

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(VENV)/.ready ## install Python packages and Godot (about two minutes; the second run is instant)

$(VENV)/.ready: pyproject.toml requirements.lock requirements-dev.lock spacetime_rl/game/install_godot.sh
	@test -n "$(PYTHON)" || \
		{ echo "Python 3.11 or 3.12 is needed; python3 here is $$(python3 --version 2>&1). Use: make setup PYTHON=/path/to/python3.12"; exit 2; }
	@echo "== Python packages into $(VENV)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python cannot make virtual environments here; on Debian or Ubuntu: apt install python3-venv"; exit 2; }
	@$(BIN)/pip install -q --disable-pip-version-check uv==0.13.8 "$(TORCH)"
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -r requirements.lock -r requirements-dev.lock -e .
	@$(BIN)/python -c "import mlflow, onnxruntime, onnxscript, ray.rllib.algorithms, ray.tune"
	@echo "== Godot"
	@$(BIN)/spacetime-rl godot install
	@touch $@

train: setup ## train the two vr_interaction policies, track, export, evaluate (CONFIG=..., ARGS="--set ...")
	@$(BIN)/spacetime-rl train $(CONFIG) $(ARGS)

baseline: setup ## train, evaluate and keep the policies that come with the package (SCENARIO=vr_navigation SEEDS=3)
	@$(BIN)/spacetime-rl baseline $(or $(SCENARIO),$(error name a configuration: make baseline SCENARIO=vr_navigation)) --seeds $(SEEDS) $(ARGS)

baselines: setup ## make all baselines that have fewer than SEEDS seeds, one after the other; goes on where it was
	@$(BIN)/spacetime-rl baseline --all --seeds $(SEEDS) $(ARGS)

test: setup ## run the tests, two files at a time (ARGS="-k name"; JOBS=0 for one)
	@$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-all: setup ## run the tests, the slow ones too
	@$(BIN)/python -m pytest $(ARGS)

test-oldest: setup ## the quick tests with the lower ends of pyproject.toml's ranges; report in build/oldest
	@TORCH="$(TORCH)" $(BIN)/python -m tests.packaging.against oldest build/oldest

test-latest: setup ## the quick tests with the newest Ray, torch and MLflow; what breaks, in build/latest (LATEST_TORCH=torch)
	@TORCH="$(LATEST_TORCH)" $(BIN)/python -m tests.packaging.against latest build/latest

chaos: setup ## break games, runners, trials, nodes, servers while they train; the table of docs/reliability.md (half an hour)
	@CHAOS_SECONDS=300 CHAOS_TABLE=$(CURDIR)/results/chaos.json $(BIN)/python -m pytest tests/chaos $(ARGS)
	@$(BIN)/python -m tests.chaos.table results/chaos.json docs/reliability.md

check: lint type ## format, lint and types: what every commit must pass

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/gdformat --check $(GDSCRIPT)
	@$(BIN)/gdlint $(GDSCRIPT)
	@$(BIN)/shellcheck cluster/*.sh spacetime_rl/game/*.sh .ci/run

type: setup
	@$(BIN)/mypy

format: setup ## rewrite the code in the house style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/gdformat $(GDSCRIPT)

animations: setup ## film each scenario's baseline for the documentation (ARGS=vr_ui; minutes, and Xvfb without a screen)
	@$(BIN)/python -m docs.animate $(ARGS)

bench: setup ## measure throughput, and what limits it (ARGS="--agents 128 --stock")
	@$(BIN)/spacetime-rl bench $(ARGS)

mlflow: setup ## open the page of the recorded runs
	@$(BIN)/spacetime-rl ui $(ARGS)

# torch comes first and alone, so that a CPU or a CUDA build can be chosen; its CUDA companions come with it.
RESOLVE = $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url
WITHOUT_TORCH = grep -vE '^(torch|triton|nvidia-|cuda-)'

lock: setup ## resolve pyproject.toml anew: requirements.lock to run with, requirements-dev.lock what `dev` adds, requirements-docs.lock what `docs` does
	@all=$$(mktemp) && trap 'rm -f $$all' EXIT && set -e -o pipefail; \
	$(RESOLVE) --group dev --upgrade | $(WITHOUT_TORCH) > $$all; \
	$(RESOLVE) --constraint $$all | $(WITHOUT_TORCH) > requirements.lock; \
	grep -vxFf requirements.lock $$all > requirements-dev.lock; \
	$(RESOLVE) --group docs --constraint $$all | $(WITHOUT_TORCH) | grep -vxFf requirements.lock > requirements-docs.lock

# Built from a copy of the tracked files: nothing else of the folder gets in, and no earlier build.
dist: setup ## build the wheel and the source archive that pip installs (DIST=dist)
	@source=$$(mktemp -d) && trap 'rm -rf $$source' EXIT && set -e -o pipefail; \
	git ls-files -z | tar --create --null --files-from=- | tar --extract --directory=$$source; \
	$(BIN)/python -m build --no-isolation --outdir $(DIST) $$source > $$source/log 2>&1 || { cat $$source/log; exit 3; }; \
	ls -l $(DIST)

docs: setup ## build the documentation site into build/site (strict: a broken link is an error)
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -r requirements-docs.lock
	@$(BIN)/python docs/stage.py build/site-source
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict
	@echo "build/site/index.html"

hashes: setup ## play the episodes of `doctor --hash` and publish their hashes for this engine and architecture
	@$(BIN)/python -m spacetime_rl.doctor.determinism docs/determinism.md

clean: ## remove the environment and every cache (results/ stays)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
