# Every target sets up what it needs. Nothing is written outside this folder, except pip's cache.
.DEFAULT_GOAL := help
.PHONY: help demo test up down lint bench chaos assets clean
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
# Without their compiled files, every new workflow would compile its modules again.
unexport PYTHONDONTWRITEBYTECODE

help: ## Lists the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

demo: .venv/.ready ## Runs the pilot cohort from its first day to its last and says what happened
	@$(PYTHON) starter.py demo

# On all processors: each process starts servers of its own, and takes whole files, the quick ones first.
test: .venv/.ready ## Runs all tests
	@$(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

up: .venv/.ready ## Runs the whole system on this machine until Ctrl-C; its state stays in var/
	@$(PYTHON) starter.py up

down: .venv/.ready ## Stops what "make up" runs
	@$(PYTHON) starter.py down

lint: .venv/.ready ## Checks style, types and who may import whom
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@$(PYTHON) scripts/import_rules.py

bench: .venv/.ready ## Measures history, throughput, latency and memory; prints a table and JSON lines
	@$(PYTHON) starter.py bench

chaos: .venv/.ready ## Runs the pilot cohort while killing worker, Temporal and PostgreSQL at random
	@$(PYTHON) starter.py chaos

assets: ## Rebuilds the vendored NHS frontend and htmx; for developers, needs npm
	@scripts/assets

clean: ## Removes .venv, caches and var/, which holds the state of "make up" and "make demo"
	@! test -x $(PYTHON) || ! test -f starter.py || $(PYTHON) starter.py down >/dev/null 2>&1 || true
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: pyproject.toml constraints.txt
	@scripts/set-up
