# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every target works as the first command in a fresh clone. It needs a Python of 3.11 or later, and make.
PYTHON ?= python3
NOX = .venv/nox/bin/python -m nox --non-interactive

# What the demo and the benchmark need to know, under the names that the tests use (see CONTRIBUTING.md).
WITH_SANDBOX = TUTUM_TEST_ANSIBLE_BIN="$(CURDIR)/.venv/ansible/bin" \
	TUTUM_TEST_SANDBOX_PYTHON="$(CURDIR)/.venv/sandbox/bin/python"

# Nothing is read from, or written to, the user's home directory.
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONDONTWRITEBYTECODE = 1
export XDG_CACHE_HOME = $(CURDIR)/.cache/xdg

.DEFAULT_GOAL := help
.PHONY: help demo test unit lint session sandbox bench docs release clean prepare

help: prepare ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: prepare ## Show everything on a local server, with a playbook and ad hoc commands
	@$(PYTHON) tests/tools/environment.py sandbox ansible
	@$(WITH_SANDBOX) .venv/ansible/bin/python examples/demo/run.py

test: prepare ## Run all tests, for all supported versions of ansible-core that this machine has a Python for
	@$(PYTHON) tests/tools/environment.py nox sandbox
	@.venv/nox/bin/python tests/tools/run_sessions.py

unit: prepare ## Run the unit tests but the slow ones, in seconds
	@$(PYTHON) tests/tools/environment.py nox unit
	@$(NOX) --session unit

lint: prepare ## Run the linters and the type checker
	@$(PYTHON) tests/tools/environment.py nox
	@$(NOX) --session lint docs-check license-check licenses extra-checks ansible-lint types words

session: prepare ## Run one session of nox: make session NAME=client
	@test -n "$(NAME)" || { echo "Specify a session: make session NAME=client" >&2; exit 2; }
	@$(PYTHON) tests/tools/environment.py nox
	@$(NOX) --session "$(NAME)"

sandbox: prepare ## Run the local server for the API in the foreground; Ctrl-C ends it
	@$(PYTHON) tests/tools/environment.py sandbox
	@PYTHONPATH=tests/support/sandbox exec .venv/sandbox/bin/python -m tutum_sandbox

bench: prepare ## Measure: requests, seconds and memory for typical and large queries and waits
	@$(PYTHON) tests/tools/environment.py sandbox ansible
	@$(WITH_SANDBOX) .venv/ansible/bin/python benchmarks/run.py

docs: prepare ## Build the documentation site into .cache/docs
	@$(PYTHON) tests/tools/environment.py nox
	@$(NOX) --session docs

release: prepare ## Prepare a release, and stop before publishing: make release VERSION=x.y.z
	@test -n "$(VERSION)" || { echo "Specify a version: make release VERSION=x.y.z" >&2; exit 2; }
	@$(PYTHON) tests/tools/environment.py nox
	@$(NOX) --session release -- "$(VERSION)"
	@.venv/nox/bin/python tests/tools/run_sessions.py
	@echo; echo "dist/tutum-cloud-$(VERSION).tar.gz is built and checked; nothing is published. To publish it:"; \
		echo "  git add --all changelogs CHANGELOG.md CHANGELOG.rst galaxy.yml"; \
		echo "  git commit -m 'Release $(VERSION)' && git tag -a $(VERSION) -m 'tutum.cloud $(VERSION)'"; \
		echo "  git push --follow-tags"; \
		echo "  ansible-galaxy collection publish dist/tutum-cloud-$(VERSION).tar.gz"; \
		echo "Then set the next version, with -dev behind it, in galaxy.yml."

clean: ## Remove everything that the other targets prepared or built
	rm -rf .venv .nox .cache .collections dist

# Check the Python, and link the collection to where ansible.cfg looks for it.
prepare:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed as $(PYTHON); this is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "To use another interpreter: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@mkdir -p .collections/ansible_collections/tutum
	@test -e .collections/ansible_collections/tutum/cloud/galaxy.yml || \
		ln -sfn ../../.. .collections/ansible_collections/tutum/cloud
