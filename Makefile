# Session Insights on this machine. `make` alone lists what there is.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install run stop status test faults eval bench lint check schema lock

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## make .venv with all that is needed

$(INSTALLED): requirements.txt requirements-dev.txt pyproject.toml local/install.sh
	@PYTHON="$(PYTHON)" sh local/install.sh
	@touch $@

run: install ## start Postgres and Airflow, read the transcripts, write the weekly report
	@$(BIN)/python -m local.run start

stop: install ## end everything that `make run` started
	@$(BIN)/python -m local.run stop

status: install ## say what runs, where, and how to sign in
	@$(BIN)/python -m local.run status

test: install ## run all tests
	@$(BIN)/pytest --numprocesses 3 --dist loadfile

faults: install ## break Postgres, disks, networks and clocks many times over
	@$(BIN)/pytest tests/faults tests/dags/test_reports.py tests/dags/test_schedulers.py -m "faults or not faults" $(FAULTS)

eval: install ## score a reader against labels: READER=claude, SETS="hand demo corpus"
	@$(BIN)/python -m local.evaluation --reader $(or $(READER),offline) $(if $(SETS),--sets $(SETS)) $(EVAL)

bench: install ## measure sync, aggregates, dashboard, workers and scale against their budgets
	@missed=0; for name in sync aggregates dashboard workers "scale --sessions 10000 100000"; do \
	echo "benchmarks.$$name"; $(BIN)/python -m benchmarks.$$name || missed=1; done; exit $$missed

lint: install ## check style, types, import order and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint include/sql

check: lint test ## lint and test: green before each commit

schema: install ## renew include/sql/schema.sql from the migrations
	@$(BIN)/python -m local.schema

lock: install ## pin the newest versions that requirements*.in allow
	@PATH="$$PATH:$(CURDIR)/$(BIN)" sh -ec 'command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv; \
	for name in requirements deploy/requirements requirements-dev; do \
	uv pip compile --universal --python-version 3.11 --upgrade --quiet $$name.in -o $$name.txt; done'
