#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks Debian packages of another architecture below NUNCHI_VM_DIR (/var/tmp/nunchi-vm) and prints the
# directory: what nunchi is compiled against for it, and the root of a machine (tests/vm) of it. Nothing is
# installed, nor dpkg told of the architecture. What is there is kept until the list below changes.
#
#	scripts/fetch-root.sh ARCHITECTURE
set -eu

architecture=${1:?ARCHITECTURE is missing}
top=${NUNCHI_VM_DIR:-/var/tmp/nunchi-vm}
target=$top/roots/$architecture
suite=bookworm

# To compile and link with, and to run what was linked.
packages='libc6-dev linux-libc-dev libgcc-12-dev libbpf-dev libelf-dev zlib1g-dev libcurl4-openssl-dev libmicrohttpd-dev
libjansson-dev libprotobuf-c-dev libzstd-dev libyaml-dev libpcre2-dev libcmocka-dev'
# What tests/containers needs.
packages="$packages base-files base-passwd bash busybox-static coreutils util-linux mount grep sed findutils iproute2 python3-minimal
libpython3-stdlib libc-bin bpftool runc crun"

say() {
	echo "nunchi: $*" >&2
}

if [ -e "$target" ] && [ "$(cat "$target/etc/nunchi-packages" 2>/dev/null)" = "$suite $packages" ]; then
	echo "$target"
	exit 0
fi

. "$(dirname "$0")/debian-archive.sh"
mkdir -p "$top/roots"
archive_open "$architecture"
archive_suite "$suite" || {
	archive_log >&2
	say "root for $architecture: no archive that this machine's apt knows has $suite"
	exit 1
}
say "fetching a root for $architecture"
# shellcheck disable=SC2086
apt-get -qq -y --no-install-recommends --download-only install $packages >"$state/log" 2>&1 || {
	archive_log >&2
	say "root for $architecture: its packages could not be fetched"
	exit 1
}

# As the distribution has it: /bin and the like are links into /usr.
# Beside its place, to which it goes whole or not at all.
tree=$target.new
rm -rf "$tree"
for directory in bin sbin lib; do
	mkdir -p "$tree/usr/$directory"
	ln -s "usr/$directory" "$tree/$directory"
done
for file in "$state"/cache/archives/*.deb; do
	# Not in one pipe, of which only the last one's failure would be seen.
	dpkg-deb --fsys-tarfile "$file" >"$state/files.tar"
	tar -C "$tree" -x -f "$state/files.tar" --keep-directory-symlink --exclude=./usr/share/doc --exclude=./usr/share/man \
		--exclude=./usr/share/locale --exclude=./usr/share/info
done
# For a linker on this machine they would lead to files of this machine.
find "$tree" -type l -lname '/*' | while read -r link; do
	ln -srfT "$tree$(readlink "$link")" "$link"
done
# What scripts of the packages would do at installation.
ln -sf bash "$tree/bin/sh"
cp "$tree/usr/share/base-passwd/passwd.master" "$tree/etc/passwd"
cp "$tree/usr/share/base-passwd/group.master" "$tree/etc/group"
echo "$suite $packages" >"$tree/etc/nunchi-packages"
rm -rf "$target"
mv "$tree" "$target"
echo "$target"
