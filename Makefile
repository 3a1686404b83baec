# make run   sets up .venv and trains the first main
# make test  sets up .venv and runs the tests
# make test-long  runs the slow tests: kill-and-resume, random arguments, mistakes
# make lint  checks how the code is written
# make check DIR=...  checks the modules in a folder, anyone's: docs/checker.md
# make reproduce  trains the models of docs/results.md again (an hour)
# make bench  measures the speed against plain Keras and PyTorch (half an hour)
# make promises  runs all tests, and writes what they counted into docs/
# make compat  repeats the modules' tests on Keras 2, those and the mains' on JAX
# make compat-torch  repeats them on PyTorch (a large download)

PYTHON = python3
PYTEST = -m pytest -n 2 --dist worksteal
MODULE_TESTS = tests/test_contract.py tests/test_promises.py \
	$(wildcard tests/test_[0-9]_*.py)

.PHONY: run test test-long check reproduce bench promises lint compat \
	compat-keras2 compat-jax compat-torch clean

run: .venv/installed
	.venv/bin/python mains/0-main.py

test: .venv/installed-tests
	.venv/bin/python $(PYTEST)

test-long: .venv/installed-tests
	.venv/bin/python $(PYTEST) -m long

check: .venv/installed
	@.venv/bin/python checker/check.py \
	"$(or $(DIR),$(error Name a folder: make check DIR=path))"

# The figures of docs/results.md, from real MNIST in the folder AUTOENCODERS_DATA.
reproduce: .venv/installed-tests
	.venv/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	.venv/bin/python benchmarks/reproduce.py

bench: .venv/installed-tests
	.venv/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	.venv/bin/python benchmarks/throughput.py

promises: .venv/installed-tests
	.venv/bin/python $(PYTEST) -m "" --record
	.venv/bin/python benchmarks/pages.py

lint: .venv/installed-tests
	.venv/bin/ruff check
	.venv/bin/pycodestyle [0-9]*.py mains checker tests benchmarks

compat: compat-keras2 compat-jax

compat-keras2: .venv-keras2/installed
	.venv-keras2/bin/python $(PYTEST) -o filterwarnings= $(MODULE_TESTS)

compat-jax: .venv-jax/installed
	KERAS_BACKEND=jax .venv-jax/bin/python $(PYTEST) $(MODULE_TESTS) \
	tests/test_mains.py tests/test_interruption.py tests/test_distribution.py

compat-torch: .venv-torch/installed
	KERAS_BACKEND=torch .venv-torch/bin/python $(PYTEST) $(MODULE_TESTS) \
	tests/test_mains.py

# Linux without an NVIDIA card gets TensorFlow's package for CPUs, half as large.
.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	{ echo "Python 3.11, 3.12 or 3.13 is needed: Keras 3.14 asks for the" \
	"first, TensorFlow 2.21 has no package for later ones." \
	"Found: $$($(PYTHON) --version 2>&1). Install it, or name another:" \
	"make PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's module venv" \
	"is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	if [ "$$(uname -sm)" = "Linux x86_64" ] && \
	! command -v nvidia-smi >/dev/null; \
	then sed 's/^tensorflow/&-cpu/' requirements.txt; \
	else cat requirements.txt; fi > .venv/packages.txt
	.venv/bin/python -m pip install --quiet -r .venv/packages.txt
	touch $@

.venv/installed-tests: .venv/installed tests/requirements.txt
	.venv/bin/python -m pip install --quiet -r tests/requirements.txt
	touch $@

# TensorFlow 2.15, the last with Keras 2, runs on Python 3.9 to 3.11.
.venv-keras2/installed: Makefile
	@for python in $(PYTHON) python3.11 python3.10 python3.9; do \
	$$python -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 12))' \
	2>/dev/null && exec $$python -m venv .venv-keras2; done; \
	echo "TensorFlow 2.15 needs Python 3.9, 3.10 or 3.11; found none."; exit 1
	.venv-keras2/bin/python -m pip install --quiet \
	'tensorflow==2.15.*' hypothesis pydot pytest pytest-xdist
	touch $@

.venv-jax/installed: Makefile
	$(PYTHON) -m venv .venv-jax
	.venv-jax/bin/python -m pip install --quiet 'keras>=3.14,<3.16' jax scikit-learn \
	hypothesis matplotlib pydot pytest pytest-xdist
	touch $@

.venv-torch/installed: Makefile
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet 'keras>=3.14,<3.16' torch scikit-learn \
	hypothesis matplotlib pydot pytest pytest-xdist
	touch $@

clean:
	rm -rf .venv .venv-keras2 .venv-jax .venv-torch .pytest_cache .hypothesis .ruff_cache
