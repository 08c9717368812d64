# The verbs of this project; README, CONTRIBUTING and CI use the same. Every path here is relative, so the checkout may
# lie in a folder whose name holds spaces.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# make setup PYTHON=python3.12: the Python to build the environment with; found by itself when left out.
export PYTHON
# The tests start Python some hundred times; without bytecode on disk each start would compile the checkout again.
unexport PYTHONDONTWRITEBYTECODE
# make test ARGS="-k mapper -x": given to pytest; the whole suite with the coverage floor when left out.
ARGS ?=
# A file's tests stay together, since they share a sandbox. Four at once, since many tests wait most of the time; more upset
# those that measure it. The slow ones come first, so that no process is left with one of them at the end.
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile --no-loadscope-reorder integration_tests unit_tests

BIN := .venv/bin

.PHONY: help
help: ## Say what can be typed here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: ## Make .venv from the lock; does nothing when it is up to date
	@tools/set-up

.PHONY: demo
demo: setup ## Sync a warehouse table of 100,000 customers into an audience of the sandbox
	@$(BIN)/python -m demo

.PHONY: test
test: setup ## Run all tests and hold the coverage floor; ARGS="-k word" runs some
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--cov $(SIDE_BY_SIDE))

# make property EXAMPLES=5000: of each kind, so many connections with up to eight steps.
EXAMPLES ?= 1000

.PHONY: property
property: setup ## Try new random tables, hosts, faults and kills for about ten minutes; EXAMPLES=100 for one
	@PROPERTY_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest integration_tests/property

# make fuzz SECONDS=3600: as long as that, for all readers together.
SECONDS ?= 600

.PHONY: fuzz
fuzz: setup ## Feed every reader documents that are almost right; guided by coverage where atheris is installed
	@$(BIN)/python -m unit_tests.fuzz $(SECONDS)

# make chaos SEEDS=1-3000, or SEEDS=17 TELL=1 for all that happens in one; PLANT=name plants a fault that is to be found.
SEEDS ?= 1-300
PLANT ?=
TELL ?=

.PHONY: chaos
chaos: setup ## Run whole stories of connections, drawn from SEEDS=1-300, with everything that can go wrong
	@$(BIN)/python -m integration_tests.chaos $(SEEDS) $(if $(PLANT),--plant $(PLANT)) $(if $(TELL),--tell)

.PHONY: test-pythons
test-pythons: ## Run the unit tests on each Python of 3.11, 3.12 and 3.13 that is installed
	@tools/test-pythons

# make set-up-hosts HOSTS=spark for one of them.
HOSTS ?= metadata-validator spark pyairbyte

.PHONY: set-up-hosts
set-up-hosts: ## Set up PyAirbyte, Airbyte's validators and Spark beside .venv; make test then tests with them as well
	@begun=; for host in $(HOSTS); do tools/set-up-host $$host & begun="$$begun $$!"; done; \
		outcome=0; for one in $$begun; do wait $$one || outcome=$$?; done; exit $$outcome

.PHONY: test-hosts
test-hosts: setup set-up-hosts ## Set up PyAirbyte, Airbyte's validators and Spark beside .venv, and run the tests that need them
	@$(BIN)/python -m pytest integration_tests/hosts integration_tests/platform/test_metadata.py

# make contract DESCRIPTION=path: Pinterest's description of its API, which is not part of this repository.
DESCRIPTION ?= $(or $(PINTEREST_OPENAPI),../shared/contract/pinterest-openapi-5.23.0.json)

.PHONY: contract
contract: setup ## Try the sandbox with schemathesis against our contract, and against Pinterest's description if it's at hand
	@tools/set-up-host schemathesis
	@$(BIN)/python -m tools.try_contract --description "$(DESCRIPTION)"

.PHONY: check
check: setup ## Lint, formatting, types, layering, workflows, and generated files in step with the code
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.write_spec --check
	@$(BIN)/python -m tools.write_settings --check
	@$(BIN)/python -m tools.write_error_table --check
	@$(BIN)/zizmor --offline --strict-collection --quiet --no-progress --persona pedantic .
	@$(BIN)/actionlint -shellcheck= -pyflakes=

.PHONY: fix
fix: setup ## Repair what ruff can repair, and format
	@$(BIN)/python -m ruff check --fix
	@$(BIN)/python -m ruff format

.PHONY: bench
bench: setup ## Measure side by side with what one would use instead
	@$(BIN)/python -m benchmarks

.PHONY: spec
spec: setup ## Write source_spec/, docs/settings.md and the tables of errors in docs/operations.md from the code
	@$(BIN)/python -m tools.write_spec
	@$(BIN)/python -m tools.write_settings
	@$(BIN)/python -m tools.write_error_table

.PHONY: docs
docs: setup ## Build the documentation's site into site/; a broken link fails it
	@$(BIN)/zensical build --clean --strict

# make audit AUDIT_UNREACHABLE=fail: exit status 1 where the source of known vulnerabilities can't be reached, too.
AUDIT_UNREACHABLE ?= say

.PHONY: audit
audit: setup ## Compare all locks with the known vulnerabilities, or say that they are NOT CHECKED
	@$(BIN)/python -m tools.audit --unreachable $(AUDIT_UNREACHABLE)

IMAGE ?= airbyte/destination-pinterest:local

.PHONY: image
image: ## Build the image, and see that it starts; IMAGE=name:tag names it
	@docker build --tag "$(IMAGE)" .
	@docker run --rm --read-only --network none "$(IMAGE)" spec >/dev/null

.PHONY: dist
dist: setup ## Build the wheel and the source distribution into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .

.PHONY: release-notes
release-notes: setup ## Print the changelog's section of TAG=v0.1.0, which has to be the version in setup.py
	@$(BIN)/python -m tools.release_notes "$(TAG)"

.PHONY: lock
lock: ## Resolve setup.py again and rewrite its locks with hashes
	@tools/lock

.PHONY: clean
clean: ## Remove the environments and everything that tools leave behind
	rm -rf .venv .venvs build dist site .cache .demo .bench .tmp htmlcov .coverage .coverage.* .hypothesis *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
