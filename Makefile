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
