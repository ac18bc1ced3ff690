#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks a Debian kernel below NUNCHI_VM_DIR (/var/tmp/nunchi-vm), without installing it, and prints
# the directory, which has boot/vmlinuz-VERSION and lib/modules/VERSION. What is there is kept.
#
#	tests/vm/fetch-kernel.sh NAME [ARCHITECTURE]
#
# NAME is a row of the table below. ARCHITECTURE: amd64 or arm64; the machine's own by default. The
# archive is the one that this machine's apt uses already, with an apt state of its own.
set -eu

name=${1:?NAME is missing} architecture=${2:-$(dpkg --print-architecture)}
top=${NUNCHI_VM_DIR:-/var/tmp/nunchi-vm}
target=$top/kernels/$name-$architecture

say() {
	echo "nunchi: $*" >&2
}

case $name in
# suites to look in, the first that has it; the package, which names the newest kernel of its line
5.10) suites='bullseye bullseye-security' package=linux-image-cloud-$architecture ;;
6.1) suites='bookworm-security bookworm' package=linux-image-cloud-$architecture ;;
6.12) suites='bookworm-security bookworm-backports trixie' package=linux-image-6.12-cloud-$architecture ;;
newest) suites=sid package=linux-image-cloud-$architecture ;;
*)
	say "no kernel is known as $name: there are 5.10, 6.1, 6.12 and newest"
	exit 2
	;;
esac

if [ -d "$target" ]; then
	echo "$target"
	exit 0
fi

. "$(dirname "$0")/../../scripts/debian-archive.sh"
mkdir -p "$top/kernels"
archive_open "$architecture"

# The packages that the meta package leads to; newer kernels have their modules apart.
closure() {
	names=$1
	for _ in 1 2 3; do
		# shellcheck disable=SC2086
		names=$(apt-cache depends $names 2>/dev/null |
			sed -n 's/.*Depends: \(linux-\(image\|binary\|modules\)-[0-9].*\)/\1/p' | sort -u)
		[ -n "$names" ] || return 0
		echo "$names"
	done
}

packages=''
for suite in $suites; do
	archive_suite "$suite" || continue
	packages=$(closure "$package" | sort -u)
	[ -z "$packages" ] || break
done
if [ -z "$packages" ]; then
	archive_log >&2
	say "kernel $name for $architecture: no archive that this machine's apt knows has $package"
	exit 1
fi

say "fetching kernel $name:" $packages
cd "$state"
# shellcheck disable=SC2086
apt-get -qq download $packages
mkdir tree
for file in linux-*.deb; do
	dpkg -x "$file" tree
done
# A merged /usr, and the kernel image beside its modules, as newer packages have them, to the old places.
if [ -d tree/usr/lib/modules ]; then
	mkdir -p tree/lib tree/boot
	mv tree/usr/lib/modules tree/lib/
	for image in tree/lib/modules/*/vmlinuz; do
		[ ! -e "$image" ] || mv "$image" "tree/boot/vmlinuz-$(basename "$(dirname "$image")")"
	done
fi
version=$(ls tree/lib/modules)
[ -e "tree/boot/vmlinuz-$version" ] || {
	say "kernel $name: $packages have no image"
	exit 1
}
depmod -b "$state/tree" "$version"
rm -rf tree/usr "tree/boot/System.map-$version"
# Whole or not at all, also where that is another file system.
rm -rf "$target.new"
mv tree "$target.new"
mv "$target.new" "$target"
echo "$target"
