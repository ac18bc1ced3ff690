#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the distribution's packages that nunchi needs; what is there already costs nothing.
#
#	scripts/deps.sh [build] [test] [demo] [bench]
#
# build: to compile. test: build, and what the tests run. demo: something to start a container with.
# bench: build, and the servers and clients of `make bench`.
# Debian 12 and later, Ubuntu 24.04 and later. Without an argument: build and test.
set -eu

say() {
	echo "nunchi: $*" >&2
}

build='gcc libc6-dev linux-libc-dev meson ninja-build pkgconf clang libbpf-dev libelf-dev zlib1g-dev
libcurl4-openssl-dev libmicrohttpd-dev libjansson-dev libprotobuf-c-dev protobuf-c-compiler libzstd-dev libyaml-dev
libpcre2-dev libcmocka-dev'
test='python3 python3-yaml bash coreutils util-linux procps busybox-static curl openssl iproute2 libclang-rt-dev clang-19
groff-base systemd'
test_programs='dockerd:docker.io containerd:containerd runc:runc crun:crun podman:podman conmon:conmon'
# What tests/vm boots other kernels with, and what is built for arm64. Their archive is Debian's, on Ubuntu too.
test_vm='kmod xz-utils zstd debian-archive-keyring gcc-aarch64-linux-gnu'

have_package() {
	# One word an architecture; a package that others only speak of is "not-installed".
	case " $(dpkg-query -W -f '${db:Status-Status} ' "$1" 2>/dev/null)" in
	*" installed "*) return 0 ;;
	esac
	return 1
}

have_program() {
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]
}

need=''
want_packages() {
	for package; do
		have_package "$package" || need="$need $package"
	done
}

# PROGRAM:PACKAGE: a program that came another way (docker-ce, say) is as good, and may conflict.
want_programs() {
	for pair; do
		have_program "${pair%%:*}" || need="$need ${pair#*:}"
	done
}

want_bpftool() {
	# Ubuntu's /usr/sbin/bpftool only looks for one that fits the running kernel.
	bpftool version >/dev/null 2>&1 || /usr/sbin/bpftool version >/dev/null 2>&1 ||
		ls /usr/lib/linux-tools*/*/bpftool /usr/lib/linux-tools*/bpftool >/dev/null 2>&1 ||
		bpftool_missing=yes
}

# Other kernels run on x86-64 only. Its virtiofsd came with QEMU before it was a package of its own.
want_vm() {
	[ "$(dpkg --print-architecture)" = amd64 ] || return 0
	want_packages $test_vm
	want_programs qemu-system-x86_64:qemu-system-x86 qemu-system-aarch64:qemu-system-arm \
		qemu-aarch64-static:qemu-user-static
	[ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ] || virtiofsd_missing=yes
}

# The server of redis is in redis-tools, too, without a service. nginx has one, which is not to run.
want_bench() {
	want_packages $build busybox-static redis-tools wrk nginx
	want_programs runc:runc python3:python3
	want_bpftool
}

want_demo() {
	have_program docker || have_program podman || {
		want_programs runc:runc
		want_packages busybox-static
	}
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	say "this needs apt (Debian 12, Ubuntu 24.04 or later); elsewhere install by hand:" $build bpftool
	exit 1
fi

bpftool_missing='' virtiofsd_missing=''
[ $# -gt 0 ] || set -- build test
for set; do
	case $set in
	build)
		want_packages $build
		want_bpftool
		;;
	test)
		want_packages $build $test
		want_programs $test_programs
		want_bpftool
		want_vm
		;;
	demo) want_demo ;;
	bench) want_bench ;;
	*)
		say "deps.sh: no such set: $set. There are build, test, demo and bench."
		exit 2
		;;
	esac
done

[ -n "$need$bpftool_missing$virtiofsd_missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	say "packages are missing, and installing them needs root:$need${bpftool_missing:+ bpftool}"
	say "Try: sudo scripts/deps.sh"
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
say "installing${need}${bpftool_missing:+ bpftool}"
apt-get update -qq || say "apt-get update failed; trying with the lists that are here"
if [ -n "$bpftool_missing" ]; then
	case $(apt-cache policy bpftool 2>/dev/null) in
	*"Candidate: "[0-9]*) need="$need bpftool" ;;
	*) need="$need linux-tools-common linux-tools-generic" ;;
	esac
fi
if [ -n "$virtiofsd_missing" ]; then
	case $(apt-cache policy virtiofsd 2>/dev/null) in
	*"Candidate: "[0-9]*) need="$need virtiofsd" ;;
	esac
fi
log=$(mktemp)
policy=''
trap 'rm -f "$log" $policy' EXIT
case " $need " in
*" nginx "*)
	# How Debian's packages are told to start nothing (invoke-rc.d(8)).
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
	fi
	;;
esac
if ! apt-get install -y -qq --no-install-recommends $need >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	say "apt-get could not install:$need"
	exit 1
fi
