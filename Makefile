# Every target sets up what it needs: a fresh machine has Python 3.11+ and make, nothing else of ours.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-peers

.PHONY: help try test drill check bench format lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Spoonful needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "This Python has no venv module; on Debian: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Spoonful needs into $(VENV) (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $(READY)

try: $(READY) ## try the bot on a simulated Discord in a local web page (ARGS="--channel" for a server)
	@$(BIN)/spoonful try $(ARGS)

test: $(READY) ## the whole suite, on SQLite and PostgreSQL (ARGS="-k pattern" to narrow)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

drill: $(READY) ## the long ones: kills, power cuts, scale, soak (an hour and a half; ARGS="-k kills" for one)
	$(BIN)/python -m pytest -m drill -s $(ARGS) tests/drill

check: $(READY) ## format, lint, types, import contracts, cards
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/spoonful cards check

$(PEERS)/.ready: bench/peers/requirements.lock
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers/requirements.lock
	@touch $@

bench: $(READY) $(PEERS)/.ready ## measurements, beside peers in the same run (ARGS="due stall" for some of them); six minutes
	@$(BIN)/python -m bench $(ARGS)

format: $(READY) ## put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## renew requirements.lock: newest allowed versions, with hashes, for Python 3.11+ on Linux and macOS
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-header --quiet --output-file requirements.lock
	$(BIN)/uv pip compile bench/peers/requirements.in --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-header --quiet --output-file bench/peers/requirements.lock

clean: ## forget the environment and everything cached
	rm -rf $(VENV) $(PEERS) .pytest_cache .ruff_cache .import_linter_cache .hypothesis
