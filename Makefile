# The front door. Targets are preset commands, so CI and a laptop run the same.
PREFIX ?= /usr/local
# `make tidy` looks at the files that differ from this commit.
SINCE ?= HEAD~1
# Seconds for each fuzzer.
FUZZ_SECONDS ?= 60
MAKEFLAGS += --no-print-directory
jobs := $(shell nproc)
.DEFAULT_GOAL := build

.PHONY: help deps build demo test unit format format-check lint tidy asan fuzz interop bench \
  install example clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 18

deps: ## install what the build needs and is missing
	scripts/install_deps.sh build

build: deps ## the command, build/quern
	cmake --preset release
	cmake --build --preset command

demo: build ## a network trained to see painted fires, in float and at 4 bits
	build/quern demo

test: build ## all tests but those labelled slow
	scripts/install_deps.sh peers tensorflow browser microcontroller
	cmake --build --preset release
	ctest --preset release -j $(jobs)

unit: build ## the quick tests: a developer's inner loop
	cmake --build --preset release
	ctest --preset release -j $(jobs) -L unit

format: ## rewrite the sources as .clang-format says
	scripts/install_deps.sh check
	git ls-files '*.h' '*.cpp' '*.c' | xargs clang-format -i

format-check: ## find what `make format` would rewrite
	scripts/install_deps.sh check
	git ls-files '*.h' '*.cpp' '*.c' | xargs clang-format --dry-run --Werror

lint: ## folder levels, missing tests, sizes
	scripts/check_layers.py
	scripts/check_size.py

tidy: deps ## clang-tidy over the files changed since SINCE
	scripts/install_deps.sh check
	cmake --preset tidy
	cmake --build --preset tidy
	git diff --name-only --diff-filter=d $(SINCE) -- quern cli tests | grep '\.cpp$$' \
	  | xargs -r -n 1 -P $(jobs) clang-tidy --quiet -p build-tidy

asan: deps ## the tests without LibTorch under address and undefined-behaviour sanitizers
	scripts/install_deps.sh check
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan -j $(jobs)

fuzz: deps ## every fuzzer, FUZZ_SECONDS each
	scripts/install_deps.sh check
	cmake --preset fuzz
	cmake --build --preset fuzz
	for fuzzer in build-fuzz/fuzz/*; do \
	  corpus=build-fuzz/corpus/$$(basename $$fuzzer); mkdir -p $$corpus; \
	  $$fuzzer -max_total_time=$(FUZZ_SECONDS) $$corpus || exit; done

interop: build ## what PyTorch exports, by both of its exporters, against onnxruntime
	scripts/install_deps.sh interop
	.deps/interop/bin/python tests/interop/pytorch_exports.py build/quern

bench: build ## figures on real networks and photos, into docs/results.md
	scripts/install_deps.sh peers
	bench/results.py

install: build ## into PREFIX
	cmake --install build --prefix $(PREFIX)

example: ## programs outside of the tree, against an installed quern
	$(MAKE) install PREFIX=$(CURDIR)/build/installed
	cmake -S examples/find_package -B build/example -DCMAKE_PREFIX_PATH=$(CURDIR)/build/installed
	cmake --build build/example
	cd build/example && ./example
	cmake -S examples/engine -B build/classify -DCMAKE_PREFIX_PATH=$(CURDIR)/build/installed
	cmake --build build/classify
	cmake --build build --target quern_int_network_files
	build/tests/quern_int_network_files build/classify/networks
	build/classify/classify build/classify/networks/every_op_0.quern

clean: ## remove what was built
	rm -rf build build-*
