# What a person needs is `make lab`, `make test` and `make help`; the rest serves those.
# All paths are relative, so that a folder with spaces in its name works.

# Any Python from 3.11 to 3.13 will do; `make test PYTHON=/path/to/python` names one.
PYTHON ?=
ARGS ?=
# Tests run in two processes, each with a TensorFlow of 1 to 2 GB; the tests of a file stay together.
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist loadfile
VENV := .venv
PY := $(VENV)/bin/python

# Our own kernel and settings go before a user's: `.venv` holds the package under test.
export JUPYTER_PREFER_ENV_PATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test test-full test-backends lint types unit notebooks frontend format bench clean

help:
	@echo 'make lab        install into .venv and open JupyterLab on the tour (ARGS="--no-browser")'
	@echo 'make test       install and run everything CI runs: lint, types, tests, notebooks'
	@echo 'make test-full  the same with the slow tests'
	@echo 'make test-backends   what blocks and architectures keep to, with JAX and with PyTorch'
	@echo 'make lint | types | unit | notebooks   one part of it (ARGS go to pytest)'
	@echo 'make format     let ruff lay out the code'
	@echo 'make frontend   rebuild the committed keraslab/frontend/dist (needs Node)'
	@echo 'make bench      measure speed and memory'
	@echo 'make clean      delete .venv, caches and artefacts'

# In a container one is root, and Jupyter then asks for a word; it listens on loopback, with a token.
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

# TensorFlow's lines about the machine's GPU would stand in the first cell of every notebook.
lab: export TF_CPP_MIN_LOG_LEVEL ?= 3
lab: $(VENV)/.for-lab
	$(PY) -m jupyterlab notebooks/00_tour.ipynb $(ROOT_OPTION) $(ARGS)

test: lint types notebooks unit

test-full: MARKS = -m ''
test-full: $(VENV)/.for-full test

BACKENDS := jax torch
test-backends: $(VENV)/.for-backends
	@for backend in $(BACKENDS); do \
		echo "== $$backend"; \
		KERAS_BACKEND=$$backend TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 \
			JAX_PLATFORMS=cpu XLA_FLAGS=--xla_backend_optimization_level=0 \
			$(PY) -m pytest -q tests/blocks/test_blocks_contract.py \
			$(MARKS) $(ARGS) || exit 1; \
		KERAS_BACKEND=$$backend TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 \
			JAX_PLATFORMS=cpu XLA_FLAGS=--xla_backend_optimization_level=0 \
			$(PY) -m pytest -q tests/zoo/test_zoo_contract.py \
			$(MARKS) $(ARGS) || exit 1; \
		[ "$$backend" != jax ] || TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 \
			$(PY) -m pytest -q tests/train/test_train_distribution.py || exit 1; \
	done

lint: $(VENV)/.for-test
	@echo '== lint'
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --diff .

types: $(VENV)/.for-test
	@echo '== types'
	@$(PY) -m mypy

# TF_CPP_MIN_LOG_LEVEL, CUDA_VISIBLE_DEVICES: quiet, and the same on machines with a GPU.
# KERASLAB_HOME: no run is taken over from before, and none is left among the person's own.
notebooks: $(VENV)/.for-test
	@echo '== notebooks'
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
		KERASLAB_HOME="$$home" TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 \
		$(PY) -m pytest -q $(SPREAD) --nbval-lax notebooks

# Last, so that its summary is the last thing on the screen.
unit: $(VENV)/.for-test
	@echo '== tests'
	@$(PY) -m pytest -q $(SPREAD) $(MARKS) $(ARGS)

format: $(VENV)/.for-test
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

frontend:
	cd keraslab/frontend && npm ci && npm run build

bench: $(VENV)/.for-bench
	@$(PY) benchmarks/run.py $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis artefacts
	find . -name node_modules -prune -o -name __pycache__ -type d -exec rm -rf {} +

# The stamps are older than pyproject.toml when what it asks for may have changed.
$(VENV)/.for-lab: pyproject.toml
	@$(create_venv)
	@echo 'Installing keraslab (the first time this takes some minutes) ...'
	@$(PY) -m pip install -qq -e '.[data]'
	@touch $@

$(VENV)/.for-test: pyproject.toml
	@$(create_venv)
	@echo 'Installing keraslab and its test tools (the first time this takes some minutes) ...'
	@$(PY) -m pip install -qq -e '.[test,data,ratings,distributed,tensorboard]'
	@touch $@ $(VENV)/.for-lab

# Some hundred megabytes for one test.
$(VENV)/.for-full: $(VENV)/.for-test
	@echo 'Installing MLflow ...'
	@$(PY) -m pip install -qq -e '.[mlflow]'
	@touch $@

$(VENV)/.for-bench: $(VENV)/.for-test
	@echo 'Installing what the benchmarks are measured beside ...'
	@$(PY) -m pip install -qq -e '.[bench]'
	@touch $@

# One release of PyTorch: the newest may be another build, with some gigabytes for a GPU.
$(VENV)/.for-backends: $(VENV)/.for-test
	@echo 'Installing JAX and PyTorch ...'
	@$(PY) -m pip install -qq -e '.[test,data,ratings,distributed,tensorboard,jax,torch]' 'torch==2.13.0'
	@touch $@

# What TensorFlow's libraries say as they load belongs in the terminal, not below a first cell.
# Keeps a .venv that works (uv makes them too), else makes one with the first Python that can.
# `import ensurepip` fails on a Debian that lacks python3-venv.
define create_venv
suits() { "$$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }; \
if [ -e $(VENV)/bin/python ] && ! suits $(PY); then \
	echo 'The Python in .venv is not 3.11, 3.12 or 3.13: run "make clean" first.' >&2; exit 1; \
fi; \
if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	found=''; \
	if [ -n '$(PYTHON)' ]; then set -- '$(PYTHON)'; \
	else set -- python3.13 python3.12 python3.11 python3 python; fi; \
	for python in "$$@"; do \
		if suits "$$python" && "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			found=$$python; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'keraslab needs Python 3.11, 3.12 or 3.13 with its venv module, and none was found; with uv (https://docs.astral.sh/uv) this line gets one, then call make again: uv venv --clear --seed --python 3.13 .venv' >&2; \
		exit 1; \
	fi; \
	"$$found" -m venv $(VENV); \
fi; \
mkdir -p $(VENV)/etc/ipython && \
	echo 'c.IPKernelApp.capture_fd_output = False' >$(VENV)/etc/ipython/ipython_kernel_config.py
endef
