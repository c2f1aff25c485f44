# `make` lists what there is. Every target sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help run run-x test fuzz check web reset lock bench benches bench-nlu bench-x chaos setup setup-dev

export RASA_TELEMETRY_ENABLED := false

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

run: setup ## start Relevo with the demo company on 127.0.0.1:8080 (Ctrl-C stops everything)
	@exec .venv/bin/relevo serve --demo

run-x: setup ## play the customer on X: a fake X, the demo company and a page on 127.0.0.1:8099
	@exec .venv/bin/relevo x play

test: setup-dev ## run every test, in two processes (ARGS="tests/unit -x" goes to pytest)
	@exec .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: setup-dev ## send the desk's API and X's door 3,000 requests that are made up (RELEVO_FUZZ_EXAMPLES=… for another number)
	@RELEVO_FUZZ_EXAMPLES=$${RELEVO_FUZZ_EXAMPLES:-3000} exec .venv/bin/python -m pytest -q tests/integration/test_desk_fuzzed.py tests/integration/test_x_fuzzed.py

check: setup-dev ## format, lint, types, imports, budgets and locks
	@exec tools/check

web: ## build the widget from frontend/ into relevo/web/static/widget (needs node 20.19 or newer; nothing else does)
	@cd frontend && npm ci --ignore-scripts --silent && npm run --silent types && exec npm run --silent build

reset: setup ## delete what Relevo has stored here and start afresh
	@exec .venv/bin/relevo reset

bench: setup-dev ## compare with stock Rasa in one run: one table, with targets (ARGS="--quick --no-stock"; the first time 2.5 GB)
	@exec .venv/bin/python -m bench.table $(ARGS)

benches: ## list all benchmarks
	@awk 'FNR == 1 && /^"""/ { gsub(/"""/, ""); printf "%-22s %s\n", FILENAME, $$0 }' bench/*.py

bench-nlu: setup-dev ## compare how well intents are understood (ARGS="--data DIR --no-floor" goes to it)
	@.venv/bin/python -m bench.nlu $(ARGS) && exec .venv/bin/python -m bench.own_bot

bench-x: setup-dev ## have customers write on a fake X that doubles, loses and breaks, and kill the process (ARGS="--events 2000")
	@exec .venv/bin/python -m bench.x_events $(ARGS)

chaos: setup-dev ## have hosts, processes and the database fail for ten minutes under 1,000 conversations, and count (ARGS="--seed N")
	@exec .venv/bin/python -m bench.chaos $(ARGS)

lock: ## resolve the dependencies anew into requirements.lock and requirements-dev.lock
	@exec tools/lock

setup:
	@tools/setup

setup-dev:
	@tools/setup dev
