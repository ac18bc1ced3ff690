# SPDX-License-Identifier: Apache-2.0
# The front door; the build itself is Meson's.
BUILD ?= build
PREFIX ?= /usr/local

all:
	@scripts/build.sh $(BUILD)

deps:
	scripts/deps.sh

# No root, no kernel side needed to run them.
check:
	@scripts/test.sh --no-root

test:
	@scripts/test.sh

# The long forms of the tests with containers, and every kernel in every way.
soak:
	@NUNCHI_TEST_SIZE=full scripts/test.sh containers vm

# For another architecture: build-arm64/nunchi.
cross-arm64:
	@scripts/cross.sh arm64

run:
	@scripts/run.sh

# Everything takes twenty minutes; bench/run.py NAME... or --quick less.
bench: all
	python3 bench/run.py

# In a virtual machine, where nothing disturbs: the figures of bench/insns.txt.
bench-insns: all
	python3 bench/insns.py

lint:
	@scripts/check-layers src

fmt:
	git diff --name-only --diff-filter=d HEAD -- '*.c' '*.h' | xargs -r clang-format -i

install: all
	DESTDIR=$(DESTDIR) meson configure $(BUILD) -Dprefix=$(PREFIX)
	DESTDIR=$(DESTDIR) meson install -C $(BUILD)

# What the last "make install" has put there, wherever that was; the configuration stays.
uninstall:
	ninja -C $(BUILD) uninstall

clean:
	rm -rf $(BUILD) build-sanitized build-clang build-arm64

.PHONY: all deps check test soak cross-arm64 run bench bench-insns lint fmt install uninstall clean
