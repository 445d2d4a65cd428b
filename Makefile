# Two commands do everything: `make demo` shows gitorch at work, `make test` proves it.
# Both set up .venv (and tmux) on their first run; see .ci/setup.

BIN := .venv/bin
DEMO_ARGS ?=
WEB ?=
AGENTS ?=
AGENTS_ARGS ?= -v
# More workers than cores, since many tests wait for a terminal. Each collects and runs its own files (tests/shares.py),
# and the run ends when one of them dies, since no other has its tests.
PYTEST_ARGS ?= -n 6 --dist each --share --max-worker-restart 0
# Under a name of its own, since `make -n` runs each line that holds the variable MAKE.
TYPES := $(MAKE) types

# What is tested is what .venv holds, whatever the caller's shell says.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help demo test slow agents mutants lint style types format bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Run a plan from start to merge with scripted agents, in a scratch repository; WEB=1 opens the web page at its end
	@.ci/setup $(if $(WEB),web,run)
	@if [ -t 0 ]; then answers=; else answers=--yes; fi; exec $(BIN)/gitorch demo $$answers $(if $(WEB),--web) $(DEMO_ARGS)

# Types and floors are checked beside the tests, many of which wait, and shown when they end; on its own `make lint` says the same at once.
test: style ## Check style, types and floors, and run every quick test
	@mkdir -p .cache; $(TYPES) >.cache/types 2>&1 & types=$$!; \
	$(BIN)/python -m pytest $(PYTEST_ARGS); tests=$$?; \
	wait $$types || { cat .cache/types >&2; exit 1; }; exit $$tests

slow: ## Run the tests that take minutes
	@.ci/setup dev
	@$(BIN)/python -m pytest -m slow --hypothesis-profile=slow $(PYTEST_ARGS) || [ $$? -eq 5 ] # 5: there are none

agents: ## Install the vendors' programs into .cache/agents, run the tests with them, say which versions passed; AGENTS="codex" for some
	@.ci/setup dev
	@$(BIN)/python tests/agents/run.py $(AGENTS) $(AGENTS_ARGS)

mutants: ## Mutate one floor and say how many mutants its tests kill: make mutants FLOOR=rules SAMPLE=150 SEED=11
	@.ci/setup dev
	@$(BIN)/python -m pip install --quiet --editable '.[mutants]'
	@$(BIN)/python tests/mutants.py $(or $(FLOOR),rules) --sample $(or $(SAMPLE),150) --seed $(or $(SEED),11) --only "$(ONLY)"

lint: style types ## Check style, types and floors

style:
	@.ci/setup dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types:
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports 2>&1) || { printf '%s\n' "$$report"; exit 1; }

format: ## Rewrite the sources as the style asks
	@.ci/setup dev
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format

bench: ## List the measurements; `make bench RUN=<file>` runs one
	@.ci/setup dev
	@if [ -n "$(RUN)" ]; then exec $(BIN)/python $(RUN); else find tests/bench -name '*.py' 2>/dev/null | sort; fi

clean: ## Remove everything that make and the tools made
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	@find gitorch tests -name __pycache__ -type d -prune -exec rm -rf {} +
