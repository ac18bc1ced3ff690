#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a clean machine to the activity of its containers: packages, build, nunchi trace.
#
#	sudo scripts/run.sh [--demo] [ARGUMENT OF nunchi trace...]
#
# Where no container runs, or with --demo, it starts one to look at, and removes it at the end.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

say() {
	echo "nunchi: $*" >&2
}

if [ "$(id -u)" -ne 0 ]; then
	say "run.sh installs packages and traces, both need root"
	say "Try: sudo scripts/run.sh${*:+ $*}"
	exit 1
fi

scripts/deps.sh build
[ -x build/nunchi ] || say "building, this takes about a minute"
scripts/build.sh

name=nunchi-demo-$$
kind=''
place=''
runc=''

# What the demo container does, over and over: something of each kind worth seeing.
# By full paths, or busybox's shell would do it all in one process.
work='while :; do
	/bin/cat /etc/hostname >/dev/null
	/bin/date >/tmp/visits.log
	/bin/cat /etc/shadow >/dev/null 2>&1
	/bin/mkdir /tmp/basket
	/bin/mv /tmp/visits.log /tmp/basket/visits
	/bin/rm -r /tmp/basket
	/bin/nc -w 1 127.0.0.1 81 </dev/null >/dev/null 2>&1
	/bin/sleep 1
done'

clean_up() {
	trap '' INT TERM HUP
	case $kind in
	docker | podman)
		$kind rm -f "$name" >/dev/null 2>&1 || :
		$kind rmi nunchi-demo >/dev/null 2>&1 || :
		;;
	runc)
		runc delete --force "$name" >/dev/null 2>&1 || :
		[ -z "$runc" ] || wait "$runc" 2>/dev/null || :
		;;
	esac
	[ -z "$place" ] || rm -rf "$place"
	kind='' place=''
}

# A root directory with nothing but busybox in it. In $place/root.
make_root() {
	busybox=''
	for path in /bin/busybox /usr/bin/busybox; do
		[ ! -x $path ] || ldd $path >/dev/null 2>&1 || busybox=$path
	done
	[ -n "$busybox" ] || return 1
	mkdir -p "$place/root/bin" "$place/root/etc" "$place/root/proc" "$place/root/tmp" \
		"$place/root/dev" "$place/root/sys"
	cp "$busybox" "$place/root/bin/busybox"
	for applet in $("$busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$place/root/bin/$applet"
	done
	echo demo >"$place/root/etc/hostname"
	echo 'root:x:0:0:root:/:/bin/sh' >"$place/root/etc/passwd"
	echo 'root:!:19000::::::' >"$place/root/etc/shadow"
	chmod 0 "$place/root/etc/shadow"
	chmod 1777 "$place/root/tmp"
}

# docker or podman: the root becomes an image, so that nothing is downloaded.
start_by() {
	tar -C "$place/root" -c . | "$1" import - nunchi-demo >/dev/null || return 1
	kind=$1
	"$1" run -d --name "$name" --network none --cap-drop DAC_OVERRIDE nunchi-demo \
		/bin/sh -c "$work" >/dev/null && return 0
	"$1" rm -f "$name" >/dev/null 2>&1 || :
	"$1" rmi nunchi-demo >/dev/null 2>&1 || :
	kind=''
	return 1
}

start_runc() {
	cat >"$place/config.json" <<X
{ "ociVersion": "1.0.2",
  "process": { "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": [ "PATH=/bin" ],
    "args": [ "/bin/sh", "/work.sh" ], "noNewPrivileges": true },
  "root": { "path": "root" }, "hostname": "demo",
  "annotations": { "org.opencontainers.image.ref.name": "nunchi-demo" },
  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": [ "mode=755" ] } ],
  "linux": { "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" },
    { "type": "uts" }, { "type": "network" } ] } }
X
	echo "$work" >"$place/root/work.sh"
	kind=runc
	runc run --bundle "$place" "$name" </dev/null >/dev/null 2>"$place/error" &
	runc=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.2 2>/dev/null || sleep 1
		case $(runc state "$name" 2>/dev/null) in
		*'"status": "running"'*) return 0 ;;
		esac
	done
	cat "$place/error" >&2
	return 1
}

start_demo() {
	scripts/deps.sh demo
	place=$(mktemp -d /var/tmp/nunchi-demo-XXXXXX)
	make_root || {
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq busybox-static >/dev/null 2>&1
		make_root
	}
	if command -v docker >/dev/null 2>&1 && docker version >/dev/null 2>&1 && start_by docker; then
		:
	elif command -v podman >/dev/null 2>&1 && start_by podman 2>/dev/null; then
		:
	else
		command -v runc >/dev/null 2>&1 ||
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq runc >/dev/null 2>&1
		start_runc
	fi
}

# A capture, help and the like need no container; nor does a machine where some run.
running() {
	build/nunchi ps -o json 2>/dev/null | grep -q container.id
}

case " $* " in
*" -r "* | *" --help "* | *" -h "*) exec build/nunchi trace "$@" ;;
esac

demo=''
if [ "${1:-}" = --demo ]; then
	shift
	demo="starting a container to look at ($name)"
	set -- -c "$name" "$@"
elif ! running; then
	demo="no container runs here: starting one to look at ($name)"
fi
if [ -n "$demo" ]; then
	say "$demo"
	trap clean_up EXIT
	trap 'clean_up; exit 130' INT HUP TERM
	if ! start_demo; then
		say "no container could be started"
		exit 1
	fi
	say "Ctrl-C ends it"
	# It goes to nunchi too, which ends cleanly; then the container is removed.
	trap : INT
	status=0
	build/nunchi trace "$@" || status=$?
	exit $status
fi
exec build/nunchi trace "$@"
