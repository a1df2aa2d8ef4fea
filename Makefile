# The commands that people type. Each sets up what it needs first and ends non-zero on failure.

PYTHON := .venv/bin/python
export PYTHONUNBUFFERED := 1
# Hundreds of programs start in a test run, and four workers read every test file: compile each once.
unexport PYTHONDONTWRITEBYTECODE
# runuser and other tools of Debian stand there, which not every PATH has
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: demo test lint bench gallery crash mutation setup

demo: setup
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	    exec .venv/bin/power-kiosk demo; \
	else \
	    exec .venv/bin/power-kiosk demo --headless --journey pay-cash --out build/demo; \
	fi

test: lint
	$(PYTHON) -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not slow"

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --num-workers 2
	.venv/bin/lint-imports
	.venv/bin/power-hub openapi --check
	$(PYTHON) -m kiosk.payment.diagram --check
	$(PYTHON) -m kiosk.core.power_up_page --check
	$(PYTHON) tools/licences.py
	$(PYTHON) tools/sizes.py

bench: setup
	$(PYTHON) -m benchmarks

gallery: setup
	$(PYTHON) -m ui.gallery --out build/gallery

crash: setup
	$(PYTHON) -m tests.crash

mutation: setup
	$(PYTHON) -m tests.mutation

setup:
	@tools/setup
