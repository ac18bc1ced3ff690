#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The configuration file, unless there is one: install-config.sh EXAMPLE DIRECTORY
set -eu
target=${DESTDIR:-}$2
if [ ! -e "$target/nunchi.yaml" ]; then
	mkdir -p "$target"
	install -m 0644 "$1" "$target/nunchi.yaml"
fi
