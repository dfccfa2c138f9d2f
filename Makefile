# Everything starts here: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_OF ?=
PYTEST_ARGS ?=

# byte code is written once and read by every later process: imports are three times as fast
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help nightly docs test test-all lint up bench lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 12

nightly: $(VENV)/.runtime  ## one night through Airflow; AS_OF=1998-07-01 picks which
	@$(BIN)/reveil nightly --airflow --sample cdnow $(if $(AS_OF),--as-of $(AS_OF))

docs: $(VENV)/.runtime  ## the models' documentation and lineage as one file: data/dbt_docs/index.html
	@$(BIN)/reveil docs

test: $(VENV)/.dev  ## every test but the slow ones
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(PYTEST_ARGS)

test-all: $(VENV)/.dev  ## every test, the long fault and scale runs included
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "slow or not slow" $(PYTEST_ARGS)

lint: $(VENV)/.dev  ## style, types, SQL, who imports whom, Spark's dialect
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models
	$(BIN)/lint-imports
	$(BIN)/python tests/lint/spark_dialect.py

up: $(VENV)/.runtime  ## Airflow's pages and scheduler on the same folder
	@$(BIN)/reveil up

bench: $(VENV)/.dev  ## the status models at 100 M events (EVENTS=…), a night on the sample, a push, a gathering, a night's decisions, an erasure
	$(BIN)/python bench/status_models.py $(if $(EVENTS),--events $(EVENTS))
	$(BIN)/python bench/nightly.py
	$(BIN)/python bench/push.py
	$(BIN)/python bench/gather.py
	$(BIN)/python bench/next_step.py
	$(BIN)/python bench/erasure.py

lock: $(VENV)/.dev  ## write requirements/*.txt anew from pyproject.toml
	$(BIN)/pip install --quiet uv
	for set in runtime "docker --extra postgres -c requirements/runtime.txt" "dev --extra dev -c requirements/runtime.txt"; do \
	  set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    pyproject.toml "$$@" -o requirements/$$name.txt || exit 1; \
	done

clean:  ## remove the environment and Airflow's metadata; the data folder stays
	rm -rf $(VENV) data/airflow

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/pip
	@echo "installing what reveil needs into $(VENV) (about a minute, once)"
	@$(BIN)/pip install -qq --no-deps --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install -qq --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing what the tests need into $(VENV)"
	@$(BIN)/pip install -qq --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
