# Two commands do all set-up: `make run` and `make test`. The work is in .ci/environment.py,
# which Windows runs without make: py .ci\environment.py run
# Further words: make run ARGS="RETURNS --years 3"

PYTHON ?= python3
ARGS ?=

.PHONY: run test lab lint docs lock ci

run test lab:
	@$(PYTHON) .ci/environment.py $@ $(ARGS)

lint docs lock ci:
	@$(PYTHON) .ci/environment.py $@
