#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A small initramfs: busybox, guest/init and the few modules that mount the host's root.
#
#	tests/vm/make-initramfs.sh KERNEL-DIRECTORY OUTPUT [BUSYBOX]
set -eu
kernel=$1 output=$2 busybox=${3:-$(command -v busybox)}
here=$(dirname "$(readlink -f "$0")")
version=$(ls "$kernel/lib/modules")
PATH=$PATH:/usr/sbin:/sbin

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/modules" "$tree/lower" "$tree/upper" \
	"$tree/root"
cp "$busybox" "$tree/bin/busybox"
cp "$here/guest/init" "$tree/init"

# In the order of their dependencies. What is built in says nothing, or, where a package has no list of
# that, that it is not there.
for module in virtio_pci virtiofs overlay; do
	modprobe -d "$kernel" -S "$version" --show-depends "$module" 2>/dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
	name=$(basename "$file")
	case $file in
	*.xz) name=${name%.xz} && xz -dc "$file" >"$tree/modules/$name" ;;
	*.zst) name=${name%.zst} && zstd -qdc "$file" >"$tree/modules/$name" ;;
	*) cp "$file" "$tree/modules/$name" ;;
	esac
	echo "$name"
done >"$tree/modules/order"

# Not in one pipe, of which only the last one's failure would be seen.
(cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null) >"$output.$$"
gzip -1f "$output.$$"
mv "$output.$$.gz" "$output"
