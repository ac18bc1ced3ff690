# SPDX-License-Identifier: Apache-2.0
# For other scripts to source: packages of Debian's archive for any architecture, checked against its
# keys as apt does, and installed nowhere. The archive is the one that this machine's apt uses already.
#
#	archive_open ARCHITECTURE	an apt state of its own in $state, which is removed at exit
#	archive_suite SUITE		what the suite has, from now on. False: no such archive is known
#	archive_log			why not

archive_open() {
	state=$(mktemp -d)
	trap 'rm -rf "$state"' EXIT
	trap 'exit 130' INT TERM HUP
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/parts"
	: >"$state/status"
	: >"$state/log"
	cat >"$state/apt.conf" <<END
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Dir::Etc::SourceList "$state/sources.list";
Dir::Etc::SourceParts "$state/parts";
APT::Sandbox::User "root";
APT::Architecture "$1";
APT::Architectures { "$1"; };
Acquire::Languages "none";
END
	export APT_CONFIG="$state/apt.conf"
}

# The archive's address, as this machine's own lists have it.
archive_address() {
	grep -rhoE 'https?://[^] ]+' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
		grep -v '/archive/' | sed 's|/*$||' | grep -E "/$1\$" | head -n 1
}

archive_suite() {
	case $1 in
	*-security) archive=$(archive_address debian-security) ;;
	*) archive=$(archive_address debian) ;;
	esac
	[ -n "$archive" ] || return 1
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1 main" \
		>"$state/sources.list"
	apt-get -qq update 2>"$state/log"
}

archive_log() {
	tail -n 3 "$state/log"
}
