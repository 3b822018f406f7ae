# Thin on purpose: each target is one or two lines. PORT= and DATA= override where pages are served and data kept.
PYTHON ?= python3
UV := .venv/bin/uv
export EARSHOT_PORT := $(or $(PORT),$(EARSHOT_PORT),8000)
export EARSHOT_DATA_DIR := $(or $(DATA),$(EARSHOT_DATA_DIR),./var)

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/.run .stamps/frontend ## what `make run` needs: .venv and the page assets

.venv/.uv:
	$(PYTHON) -m venv .venv && .venv/bin/pip install -q --disable-pip-version-check uv==0.13.9 && touch $@

.venv/.run: .venv/.uv requirements/run.lock pyproject.toml
	$(UV) pip install -q --require-hashes -r requirements/run.lock && $(UV) pip install -q --no-deps -e . && touch $@

.venv/.dev: .venv/.run requirements/dev.lock
	$(UV) pip install -q --require-hashes -r requirements/dev.lock && touch $@

.stamps/frontend: .venv/.uv package.json package-lock.json scripts/frontend.py app/web/static/icons.txt
	.venv/bin/python scripts/frontend.py && mkdir -p .stamps && touch $@

run: setup ## embedded services, sample calls analysed, pages on http://127.0.0.1:8000; Ctrl-C stops all
	@exec .venv/bin/earshot demo

test: .venv/.dev .stamps/frontend ## every test; says what it leaves out and why
	.venv/bin/pytest -n 2 --dist loadfile

check: .venv/.dev .stamps/frontend ## format, lint, types, contracts, then the tests
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports && $(MAKE) test

bench: .venv/.dev ## measure, with the peer beside us; takes minutes
	.venv/bin/python -m tests.bench

lock: .venv/.uv ## write the lock files anew from pyproject.toml
	$(UV) pip compile pyproject.toml --all-extras $(LOCK) -o requirements/dev.lock
	$(UV) pip compile pyproject.toml --extra listen --extra weights --extra evaluate --extra postgres --extra s3 -c requirements/dev.lock $(LOCK) -o requirements/run.lock
LOCK := --no-emit-index-url --generate-hashes --universal -p 3.11 --no-header --no-annotate -q

samples: ## make the sample calls anew (needs the voices that sample_audio/README.md lists)
	.venv/bin/python -m sample_audio.generate

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lock samples
