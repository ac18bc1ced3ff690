#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An image of nunchi, which has the program, the libraries that it takes, and who may sign servers' certificates:
#
#	scripts/image.sh [NAME]			into docker, or podman; nunchi:latest
#	scripts/image.sh --root DIRECTORY	its root directory, no more
#
# It is made of what is installed here: nothing is downloaded but the packages that a build takes.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

say() {
	echo "nunchi: $*" >&2
}

# What the program is linked with, and what it loads: libcurl when a runtime has a socket, libmicrohttpd to serve metrics.
libraries() {
	loaded=''
	for pattern in 'libcurl\(-gnutls\)\{0,1\}\.so\.4' 'libmicrohttpd\.so\.12'; do
		found=$(ldconfig -p | sed -n "s/^[[:space:]]*$pattern .* => //p" | head -n 1)
		[ -n "$found" ] || {
			say "a library is not installed: $pattern"
			return 1
		}
		loaded="$loaded $found"
	done
	# shellcheck disable=SC2086
	printf '%s\n' $loaded
	# shellcheck disable=SC2086
	ldd build/nunchi $loaded | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ :]*\) .*/\1/p'
}

make_root() {
	umask 022
	mkdir -p "$1/usr/bin" "$1/etc/nunchi" "$1/etc/ssl/certs" "$1/host" "$1/proc" "$1/sys" "$1/dev" "$1/tmp"
	chmod 1777 "$1/tmp"
	install -m 0755 build/nunchi "$1/usr/bin/nunchi"
	libraries >"$1/libraries"
	while read -r library; do
		mkdir -p "$1$(dirname "$library")"
		cp -L "$library" "$1$library"
	done <"$1/libraries"
	rm "$1/libraries"
	# A sink by https asks for it.
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

case "$#:${1:-}" in
0: | 1:[!-]* | 2:--root) ;;
*)
	say "image.sh: a name, or --root and a directory"
	say "Try: scripts/image.sh nunchi:1"
	exit 2
	;;
esac
scripts/deps.sh build
scripts/build.sh >&2
if [ "${1:-}" = --root ]; then
	make_root "$2"
	exit
fi
name=${1:-nunchi:latest}
engine=''
for kind in docker podman; do
	[ -n "$engine" ] || ! command -v $kind >/dev/null 2>&1 || ! $kind version >/dev/null 2>&1 || engine=$kind
done
[ -n "$engine" ] || {
	say "neither docker nor podman answers here"
	exit 1
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM HUP
make_root "$root"
tar -C "$root" -c . | $engine import --change 'ENTRYPOINT ["/usr/bin/nunchi"]' - "$name" >/dev/null
say "$name is in $engine"
