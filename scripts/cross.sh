#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds nunchi and its tests for another architecture, with Debian's cross compiler and against packages
# of that architecture that scripts/fetch-root.sh unpacks.
#
#	scripts/cross.sh arm64 [DIRECTORY]	into build-arm64, if no directory is given
set -eu
cd "$(dirname "$0")/.."
architecture=${1:?ARCHITECTURE is missing}
directory=${2:-build-$architecture}

case $architecture in
arm64) cpu=aarch64 ;;
*)
	echo "nunchi: there is no cross build for $architecture, only for arm64" >&2
	exit 2
	;;
esac

root=$(scripts/fetch-root.sh "$architecture")
triplet=$cpu-linux-gnu
# Beside the root, because Meson reads it again whenever it configures.
cat >"$root.ini.$$" <<END
[binaries]
c = ['$triplet-gcc', '--sysroot=$root']
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
# The manual is made of what the program says of itself.
exe_wrapper = ['qemu-$cpu-static', '-L', '$root']

[properties]
sys_root = '$root'
pkg_config_libdir = ['$root/usr/lib/$triplet/pkgconfig', '$root/usr/share/pkgconfig']

[host_machine]
system = 'linux'
cpu_family = '$cpu'
cpu = '$cpu'
endian = 'little'
END
cmp -s "$root.ini.$$" "$root.ini" && rm "$root.ini.$$" || mv "$root.ini.$$" "$root.ini"
scripts/build.sh "$directory" -Dwerror=true --cross-file "$root.ini"
