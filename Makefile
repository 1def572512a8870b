# Each command a person types. `make help` explains them; parts already made are not made again.

export QUICK SECONDS PORT DATA
# Some machines are set up to keep no compiled Python: every start of ours would compile everything anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
HOST_PYTHON ?= python3
BOOT := $(HOST_PYTHON) scripts/bootstrap.py
PY := .venv/bin/python
OURS := deskbell whatsapp_sim tests bench scripts hatch_build.py

.PHONY: help run serve check test static unit rules web browser imap bench torture format venv

help: ## what each command does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the desk with a lively demo; PORT=8080 and DATA=data choose port and folder
	@exec $(BOOT) run

serve: ## the desk for real use, empty; settings in docs/operate.md
	@exec $(BOOT) run serve

test: web static browser imap ## everything: format, lint, types, imports, rules, web, tests, browser journeys
	@$(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not torture"

check: static ## the fast part of test: no database, no browser
	@$(PY) -m pytest -q tests/domain tests/kit

rules: venv ## a line per rule of docs/rules.md: proven by which test, or UNPROVEN
	@$(PY) -m tests.rules

bench: web browser ## measure the budgets; QUICK=1 takes two to three minutes
	@$(PY) -m bench

torture: web ## kill servers and databases under load and look for lost messages; SECONDS=60 for longer
	@$(PY) -m tests.torture

web: venv ## build the web files into deskbell/static
	@$(BOOT) web

format: venv ## put all sources into their one form
	@$(PY) -m ruff format -q $(OURS)
	@$(PY) -m ruff check -q --fix --exit-zero $(OURS)
	@$(BOOT) modules
	@$(BOOT) node npm run -s format -- --log-level warn

venv:
	@$(BOOT) venv

browser: venv
	@$(BOOT) chromium

imap: venv
	@$(BOOT) imap

static: venv
	@echo "Format and lint"; $(PY) -m ruff format -q --check --output-format concise $(OURS) || { echo "Not in form: make format"; exit 1; }
	@$(PY) -m ruff check -q --output-format concise $(OURS)
	@$(PY) scripts/lengths.py
	@echo "Types"; $(PY) -m mypy --no-error-summary
	@echo "Imports"; .venv/bin/lint-imports --no-logo > .build/imports.log || { cat .build/imports.log; exit 1; }
	@$(PY) -m tests.rules > .build/rules.log || { cat .build/rules.log; exit 1; }
	@tail -n 1 .build/rules.log
	@$(BOOT) modules
	@echo "Web: form, types, tests"; $(BOOT) node npm run -s lint -- --log-level warn
	@$(BOOT) node npm run -s check
	@$(BOOT) node npm test -s -- --reporter=dot
