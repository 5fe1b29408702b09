# The front door. Targets are preset commands, so CI and a laptop run the same.
PREFIX ?= /usr/local
# `make tidy` looks at the files that differ from this commit.
SINCE ?= HEAD~1
# Seconds for each fuzzer.
FUZZ_SECONDS ?= 60
MAKEFLAGS += --no-print-directory
jobs := $(shell nproc)

.PHONY: build deps test demo unit format format-check lint tidy asan fuzz bench install example clean

build: deps
	cmake --preset release
	cmake --build --preset release

deps:
	scripts/install_deps.sh build

# All tests but those labelled slow.
test: build
	scripts/install_deps.sh peers
	ctest --preset release -j $(jobs)

# A developer's inner loop.
unit: build
	ctest --preset release -j $(jobs) -L unit

demo: build
	build/quern demo

format:
	scripts/install_deps.sh check
	git ls-files '*.h' '*.cpp' '*.c' | xargs clang-format -i

format-check:
	scripts/install_deps.sh check
	git ls-files '*.h' '*.cpp' '*.c' | xargs clang-format --dry-run --Werror

lint:
	scripts/check_layers.py
	scripts/check_size.py

tidy: deps
	scripts/install_deps.sh check
	cmake --preset tidy
	cmake --build --preset tidy
	git diff --name-only --diff-filter=d $(SINCE) -- quern cli tests | grep '\.cpp$$' \
	  | xargs -r -n 1 -P $(jobs) clang-tidy --quiet -p build-tidy

asan: deps
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan -j $(jobs)

fuzz: deps
	scripts/install_deps.sh check
	cmake --preset fuzz
	cmake --build --preset fuzz
	for fuzzer in build-fuzz/fuzz/*; do $$fuzzer -max_total_time=$(FUZZ_SECONDS) || exit; done

# Figures on real networks and photos, into docs/results.md.
bench: build
	scripts/install_deps.sh peers
	bench/results.py

install: build
	cmake --install build --prefix $(PREFIX)

# A program outside of the tree, against an installed quern.
example:
	$(MAKE) install PREFIX=$(CURDIR)/build/installed
	cmake -S examples/find_package -B build/example -DCMAKE_PREFIX_PATH=$(CURDIR)/build/installed
	cmake --build build/example
	build/example/example

clean:
	rm -rf build build-*
