# Every target sets up what it needs: a fresh machine has Python 3.11+ and make, nothing else of ours.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-peers
TOOLS := .venv-tools

.PHONY: help try test drill check bench format lock sbom clean
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

# What is compiled stays compiled, whatever the surroundings say: every worker needs all of it.
test: export PYTHONDONTWRITEBYTECODE :=
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

$(TOOLS)/.ready: .ci/tools.lock
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/tools.lock
	@touch $@

sbom: $(TOOLS)/.ready ## the list of what the image is made of, as dist/sbom.cdx.json (CycloneDX); a release carries it
	@mkdir -p dist
	@$(TOOLS)/bin/python -W ignore -m cyclonedx_py requirements deploy/requirements.lock --pyproject pyproject.toml \
		--output-reproducible --validate --output-file dist/sbom.cdx.json
	@echo "dist/sbom.cdx.json: $$(grep -c '"purl"' dist/sbom.cdx.json) parts"

format: $(READY) ## put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

COMPILE := $(BIN)/uv pip compile --generate-hashes --no-emit-index-url --no-header --quiet --python-version 3.11
# What deploy/Dockerfile installs: the versions of requirements.lock, for the one Python and system of the image.
IMAGE := $(COMPILE) --constraint requirements.lock --python-platform linux --no-annotate --only-binary :all:

lock: $(READY) ## renew every lock: newest allowed versions, with hashes, for Python 3.11+ on Linux and macOS
	$(COMPILE) pyproject.toml --all-extras --universal --upgrade --output-file requirements.lock
	$(COMPILE) bench/peers/requirements.in --universal --upgrade --output-file bench/peers/requirements.lock
	$(COMPILE) .ci/tools.in --universal --upgrade --output-file .ci/tools.lock
	$(IMAGE) pyproject.toml --upgrade --output-file deploy/requirements.lock
	$(IMAGE) deploy/build.in --upgrade --output-file deploy/build.lock

clean: ## forget the environment and everything cached
	rm -rf $(VENV) $(PEERS) $(TOOLS) dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
