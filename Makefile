# `make help` says what there is. Only Python 3.11 or newer, git and make have to be there before.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
CODE := composeroll tests $(wildcard benchmarks)
TEST_TIMEOUT := 300
E2E_JOBS ?= 4
# A third of a quick test's time is waiting, for servers that are to hang and the like.
QUICK_JOBS ?= $(shell $(PYTHON) -c 'import os; print(3 * os.cpu_count() // 2)')
ROLLOUTS ?= 10000
SEED ?= 1
SIM_JOBS ?= 2

# Where it is set, every run of composeroll compiles all of it again: 0.8 s and not 0.4.
unexport PYTHONDONTWRITEBYTECODE

# Jobs side by side; those that only report keep their lines together, where this make can do that.
BOTH := $(MAKE) --no-print-directory -j2
APART := $(BOTH) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help
help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: demo
demo: ## a real rollout under load, on this machine; the stack stays up
	@$(BOTH) env stage
	@$(BIN)/python -m tests.demo

.PHONY: demo-down
demo-down: ## take the demo's stack and its registry away
	@$(PYTHON) -m tests.bed staging-down
	@$(PYTHON) -m tests.bed down

.PHONY: check
check: env ## style, types, import directions, unit tests: the quick loop
	@$(APART) lint types quick

.PHONY: sim
sim: env ## the simulation: every moment of a rollout broken, and 10,000 random rollouts
	@SIMULATE=all $(BIN)/pytest tests/sim -q -n 2
	@$(BIN)/python -m tests.sim --rollouts $(ROLLOUTS) --seed $(SEED) --jobs $(SIM_JOBS)

.PHONY: sim-long
sim-long: ## 1,000,000 random rollouts, with SEED to begin from: an hour or two
	@$(MAKE) --no-print-directory sim ROLLOUTS=1000000

.PHONY: test
test: ## everything: check, the simulation, then end to end on a real engine
	@$(BOTH) env images
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory sim
	@$(MAKE) --no-print-directory e2e

.PHONY: bench
bench: ## how fast it is, as ratios measured in one run
	@$(BOTH) env images
	@$(BIN)/python -m benchmarks

RUNS ?= killed signals boundaries together reordered reboot soak
.PHONY: soak
soak: ## an hour and more of kills, races, restarts and updates in a row: RUNS="killed soak" for some
	@$(BOTH) env images
	@for run in $(RUNS); do $(BIN)/python -m tests.long $$run || exit; done

.PHONY: picture
picture: ## docs/rollout.svg anew, from a real rollout
	@$(BOTH) env stage
	@$(BIN)/python -m tests.demo --picture docs/rollout.svg

# What the targets above are made of.
.PHONY: env lint types quick stage images e2e
env: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) tests/environment.py $(VENV)
	@touch $@

lint: env
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo

types: env
	@$(BIN)/mypy $(CODE)

quick: env
	@$(BIN)/pytest tests/unit -q -n $(QUICK_JOBS)

stage:
	@$(PYTHON) -m tests.bed staging

images:
	@$(PYTHON) -m tests.bed up
	@$(PYTHON) -m tests.bed images

e2e: env images
	@mkdir -p tests/.artifacts
	@$(BIN)/pytest tests/e2e -v -n $(E2E_JOBS) --dist loadfile --timeout $(TEST_TIMEOUT) --durations 10 \
	  --junitxml tests/.artifacts/e2e.xml
