# The front door: every target is one or two preset commands, so CI and a laptop run the same.
PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory

.PHONY: build deps test demo unit asan install clean

build: deps
	cmake --preset release
	cmake --build --preset release

deps:
	scripts/install_deps.sh build

# Everything but the tests labelled slow.
test: build
	scripts/install_deps.sh peers
	ctest --preset release -j $$(nproc)

# The inner loop of a developer.
unit: build
	ctest --preset release -j $$(nproc) -L unit

demo: build
	build/quern demo

asan: deps
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan -j $$(nproc)

install: build
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-*
