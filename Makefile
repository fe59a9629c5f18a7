# Each target sets up what it needs: .venv with the locked packages, once and after a new lock.
# Written for GNU make 3.81, which macOS ships.

VENV := .venv
PY := $(VENV)/bin/python
LOCK := requirements/dev.lock
STAMP := $(VENV)/.installed
CONFIG ?= $(if $(PAPER_BOT_CONFIG),$(PAPER_BOT_CONFIG),config/bot.toml)
UV_VERSION := 0.13.9
UV := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo run test slow faults lint check bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

# `exec`: on Ctrl-C only the bot answers, not a shell around it.
demo: $(STAMP)  ## the whole bot in a local browser; PORT=8000 and LISTING=FILE change it
	@exec $(PY) -m bot demo $(if $(PORT),--port $(PORT)) $(if $(LISTING),--listing '$(LISTING)')

run: $(STAMP)  ## the bot; wants DISCORD_TOKEN in the environment or in .env
	@PAPER_BOT_CONFIG='$(CONFIG)' exec $(PY) -m bot run

test: $(STAMP)  ## the fast tests; ARGS='tests/text -k tex' chooses some
	@$(PY) -m pytest -m 'not slow' $(ARGS)

slow: $(STAMP)  ## the slow tests: whole days, replays, kill loops
	@$(PY) -m pytest -m slow $(ARGS) || test $$? -eq 5  # 5: none was chosen

faults: $(STAMP)  ## the tests of faults, crashes and kills
	@$(PY) -m pytest -k '(fault and not default) or crash or kill' $(ARGS)

lint: $(STAMP)  ## style, types and import layers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m yamllint --strict -d '{extends: default, rules: {line-length: {max: 100}}}' compose.yaml

check: lint  ## all that CI runs: lint and every test
	@$(PY) -m pytest $(ARGS)

bench: $(STAMP)  ## measure the bot against its peers
	@$(PY) -m benchmarks $(ARGS)

lock: $(STAMP)  ## write requirements/*.lock from pyproject.toml; ARGS=--upgrade takes newer ones
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(UV) pyproject.toml --output-file requirements/runtime.lock
	@$(UV) pyproject.toml --group dev --output-file $(LOCK)

clean:  ## remove .venv, caches and build results; never data/
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate is tried, not only looked for: version managers leave names that do not start.
$(STAMP): $(LOCK)
	@fits='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	if ! $(PY) -c "$$fits; import pip" 2>/dev/null; then \
		for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
			if $$python -c "$$fits" 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "Paper Digest Bot needs Python 3.11 or newer with its venv module;" \
				"python3 here is: $$(python3 --version 2>&1 | head -n 1)." >&2; \
			echo "Install it (Debian, Ubuntu: apt-get install python3-venv; macOS: brew install" \
				"python), or name one: make PYTHON=/path/to/python3.11" >&2; \
			exit 1; \
		fi; \
		echo "Setting up .venv with $$($$found --version) ..."; \
		$$found -m venv --clear $(VENV) || exit 1; \
	fi; \
	echo "Installing $$(grep -c == $(LOCK)) packages from $(LOCK) (once, about a minute) ..."; \
	$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r $(LOCK) || exit 1; \
	touch $(STAMP); \
	echo "Ready."
