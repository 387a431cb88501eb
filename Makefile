# Thin on purpose: each target is one script that also runs by itself.
# ARGS is passed on: `make demo ARGS=--once`, `make test ARGS='-k title'`, `make lock ARGS=--upgrade`.

# Ends whatever a target started and did not end, also when it is killed.
SUPERVISED = .venv/bin/python -m include.scripts.supervised .venv/bin/python -m

PROOFS = tests/flows/test_backup.py tests/flows/test_crash.py tests/flows/test_log.py tests/flows/test_lost_answers.py \
	tests/flows/test_series_troubles.py tests/flows/test_transfers.py tests/laws

.PHONY: help setup demo test wild bench mutate soak proofs faults cluster lock clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

setup: ## create .venv from the locks
	@bash include/scripts/setup.sh

demo: setup ## run a sample company in a local Airflow; ARGS=--once ends after one sync
	@.venv/bin/python -m include.scripts.demo $(ARGS)

test: setup ## lint, types, import rules, all tests
	@bash include/scripts/test.sh $(ARGS)

wild: setup ## sync calendars that nobody here wrote (fetched from two packages' sources)
	@$(SUPERVISED) tests.checks.wild $(ARGS)

bench: setup ## what runs of all kinds take, beside other programs: an hour; ARGS='--only one_user,records'
	@$(SUPERVISED) tests.checks.bench $(ARGS)

mutate: setup ## break single lines of the product and see that a test notices; ARGS='--only core/merge'
	@$(SUPERVISED) tests.checks.mutate $(ARGS)

soak: setup ## let the state machine of the laws live; ARGS='--minutes 3 --seed 7 --store sqlite'
	@$(SUPERVISED) tests.laws.soak $(ARGS)

proofs: setup ## in whole what `make test` takes samples of: each death of a run, each edit; what leaks at log level DEBUG
	@$(SUPERVISED) tests.checks.leaks
	@HYPOTHESIS_PROFILE=long $(SUPERVISED) pytest --numprocesses=2 --dist=worksteal $(PROOFS) $(ARGS)

faults: setup ## the table of faults by outcomes, an hour; ARGS='--only F07,F101 --every 5 --store postgresql'
	@$(SUPERVISED) tests.checks.faults $(ARGS)

cluster: setup ## kill a worker and the database in the middle of an upload; ARGS='--activities 500 --users 8'
	@$(SUPERVISED) tests.checks.cluster $(ARGS)

lock: setup ## resolve requirements*.in anew into the locks
	@bash include/scripts/lock.sh $(ARGS)

clean: ## remove everything that the targets above made
	@rm -rf .venv .calsync .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
