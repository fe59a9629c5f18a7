# Each target sets up what it needs: .venv with the locked packages, once and after a new lock.
# Written for GNU make 3.81, which macOS ships.

VENV := .venv
PY := $(VENV)/bin/python
# Three sets of packages, each part of the next: to run the bot, to show the demo, to develop.
RUN := $(VENV)/.runtime-installed
DEMO := $(VENV)/.demo-installed
DEV := $(VENV)/.dev-installed
CONFIG ?= $(if $(PAPER_BOT_CONFIG),$(PAPER_BOT_CONFIG),config/bot.toml)
UV_VERSION := 0.13.9
UV := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS) pyproject.toml

# Tests of a file stay together, as they share what is expensive to build, until a core has none
# left. What is compiled is kept, whatever the environment says: each process would compile it again.
CORES := -n auto --dist worksteal
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo run doctor setup node test slow faults host dashboard mutants coverage lint platforms check bench wheel image attested lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

# `exec`: on Ctrl-C only the bot answers, not a shell around it.
demo: $(DEMO)  ## the whole bot in a local browser; PORT=8000 and LISTING=FILE change it
	@exec $(PY) -m bot demo $(if $(PORT),--port $(PORT)) $(if $(LISTING),--listing '$(LISTING)')

run: $(RUN)  ## the bot; wants DISCORD_TOKEN in the environment or in .env
	@PAPER_BOT_CONFIG='$(CONFIG)' exec $(PY) -m bot run

doctor: $(RUN)  ## is all in place to run, the host included? prints the links that add the bot to a server
	@PAPER_BOT_CONFIG='$(CONFIG)' $(PY) -m bot doctor

setup: $(DEV)  ## .venv with all packages to develop; every target sets up what it needs itself

node:  ## an independent parser of Discord's Markdown, for tests that skip without it; wants npm
	@npm ci --prefix tests/node --no-audit --no-fund --loglevel=error

test: $(DEV)  ## the fast tests, on all cores; ARGS='tests/text -k tex' chooses some
	@$(PY) -m pytest $(CORES) -m 'not slow' $(ARGS)

slow: $(DEV)  ## the slow tests: whole days, replays, kill loops, a browser
	@$(PY) -m pytest $(CORES) -m slow $(ARGS) || test $$? -eq 5  # 5: none was chosen

faults: $(DEV)  ## the tests of faults, crashes and kills
	@$(PY) -m pytest $(CORES) -k '(fault and not default) or crash or kill' $(ARGS)

host: $(DEV)  ## what a host relies on: a take-over by a second machine, proxies, any terminal, a month
	@$(PY) -m pytest $(CORES) tests/delivery/test_takeover.py tests/faults/test_takeover_rows.py \
		tests/run/test_network.py tests/run/test_gateway.py tests/cli/test_encodings.py $(ARGS)
	@$(PY) -m benchmarks month

dashboard: $(DEV)  ## draw docs/images/dashboard.png from three simulated days; wants prometheus and chromium
	@$(PY) -m benchmarks dashboard $(ARGS)

mutants: $(DEV)  ## how well the tests bite; ROOM=intake SAMPLE=100 SEED=1 say what is broken
	@$(PY) -m tests.mutants $(or $(ROOM),intake) --sample $(or $(SAMPLE),100) --seed $(or $(SEED),1) \
		$(if $(PROCESSES),--processes $(PROCESSES))

coverage: $(DEV)  ## lines and branches that the fast tests reach, by room; pages in build/coverage
	@$(PY) -m pytest $(CORES) -m 'not slow' --hypothesis-profile=default \
		--cov --cov-report= --cov-report=html $(ARGS)
	@$(PY) -m tests.coverage

lint: $(DEV)  ## style, types and import layers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m yamllint --strict .

platforms: $(DEV)  ## types as Windows and macOS have them
	@$(PY) -m mypy --platform win32 --cache-dir .mypy_cache/win32 bot
	@$(PY) -m mypy --platform darwin --cache-dir .mypy_cache/darwin bot

check: lint  ## all that CI runs: lint and every test
	@$(PY) -m pytest $(CORES) $(ARGS)

bench: $(DEV)  ## measure the bot against its peers
	@$(PY) -m benchmarks $(ARGS)

wheel: $(DEV)  ## build the wheel, install it with its dependencies as they are today, and try it
	@rm -rf dist build
	@$(PY) -m hatchling build -t wheel
	@$(PY) -m venv build/installed
	@build/installed/bin/python -m pip install -q --disable-pip-version-check "$$(ls dist/*.whl)[demo]"
	@INSTALLED_BOT=build/installed $(PY) -m pytest tests/test_wheel.py $(ARGS)

image: $(DEV)  ## build the container image and try it; wants Docker
	docker build --tag paper-digest-bot .
	docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
		--network none paper-digest-bot search anything
	BOT_IMAGE=paper-digest-bot $(PY) -m pytest -n0 tests/test_image.py $(ARGS)

attested:  ## the image with its list of contents (SBOM) and its origin, as build/image.tar
	@mkdir -p build
	docker buildx create --name attesting --driver docker-container 2>/dev/null || true
	docker buildx build --builder attesting --sbom=true --provenance=mode=max \
		--tag paper-digest-bot --output type=oci,dest=build/image.tar .

lock: $(DEV)  ## write requirements/*.txt from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(UV) --group dev --output-file requirements/dev.txt
	@$(UV) --constraint requirements/dev.txt --extra demo --output-file requirements/demo.txt
	@$(UV) --constraint requirements/dev.txt --output-file requirements/runtime.txt

clean:  ## remove .venv, caches and build results; never data/
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/runtime.txt
	@$(call install,$(RUN))
$(DEMO): requirements/demo.txt
	@$(call install,$(RUN) $(DEMO))
$(DEV): requirements/dev.txt
	@$(call install,$(RUN) $(DEMO) $(DEV))

# A candidate is tried, not only looked for: version managers leave names that do not start.
define install
fits='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
if ! $(PY) -c "$$fits; import pip" 2>/dev/null; then \
	for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
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
echo "Installing $$(grep -c == $<) packages from $< (once) ..."; \
$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r $< || exit 1; \
touch $(1); \
echo "Ready."
endef
