# make demo and make test do all the set-up a fresh Debian machine needs; a second run spends no time on it.
.PHONY: help setup demo test check up bench pins
.DEFAULT_GOAL := help
PYTHON ?= python3

help:
	@echo "make demo    convert a dozen documents of all kinds through the real service, and show what was proved"
	@echo "make test    set up and run the tests"
	@echo "make check   style, types, import contracts, sizes"
	@echo "make up      run everything on this machine: inbox, workers, a Redis of its own; Ctrl-C stops it"
	@echo "make bench   measure how fast things are"
	@echo "make setup   system packages and .venv, nothing else"
	@echo "make pins    write requirements*.txt again from pyproject.toml"

setup:
	@PYTHON=$(PYTHON) .ci/setup

demo: setup
	@.venv/bin/python -m corpus.demo

# two workers: tests that start a Redis or a worker of their own spend most of their time waiting
test: setup
	.venv/bin/python -m pytest -n 2 --dist worksteal $(ARGS)

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python .ci/sizes.py

up: setup
	@.venv/bin/crossfoot up

bench: setup
	.venv/bin/python benchmarks/start.py

# hashes of every file of every release, no index and no host: where packages come from is the machine's affair
COMPILE := .venv/bin/pip-compile --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --no-emit-options --strip-extras --allow-unsafe --build-deps-for editable --build-deps-for wheel
# resolve with the oldest Python that is served (Debian 12 has 3.11.2): what it takes, later ones take too
pins: setup
	@.venv/bin/python -c 'import sys; sys.exit(sys.version_info[:3] > (3, 11, 2))' \
		|| { echo "pins must be resolved with Python 3.11.2: rm -r .venv && make setup PYTHON=/usr/bin/python3"; exit 1; }
	$(COMPILE) -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
