#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install.sh - installs what is missing of the packages in packages.txt.
#
#	tool/install.sh build [test]
#
# Needs nothing but bash, dpkg and apt.  When nothing is missing it needs
# neither root nor network and takes no time.
set -euo pipefail

LIST=$(dirname "$0")/packages.txt
TRIES=3

# The packages of the groups named in the arguments, without those in whose
# stead a command is there.
wanted() {
	local group package command

	while read -r group package command; do
		if [ -n "$command" ] && command -v "$command" >/dev/null; then
			continue
		fi
		for asked in "$@"; do
			if [ "$group" = "$asked" ]; then
				echo "$package"
			fi
		done
	done <"$LIST"
}

# Those of the arguments that are not installed.
missing() {
	local package

	for package in "$@"; do
		if ! dpkg-query -W -f '${db:Status-Abbrev}' "$package" \
		    2>/dev/null | grep -q '^ii'; then
			echo "$package"
		fi
	done
}

# Runs a command until it succeeds, a few times.
retry() {
	local try

	for try in $(seq "$TRIES"); do
		"$@" && return 0
		echo "install: attempt $try of $TRIES failed: $*" >&2
		if [ "$try" -lt "$TRIES" ]; then
			sleep $((try * 5))
		fi
	done
	return 1
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q \
	    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@"
}

install() {
	if [ "$(id -u)" != 0 ]; then
		echo "install: these packages are missing, and only root may" \
		    "install them:" "$@" >&2
		echo "install: run as root: apt-get install" \
		    "--no-install-recommends" "$@" >&2
		exit 1
	fi
	echo "install: $*"
	retry apt update >&2
	retry apt install -y --no-install-recommends "$@" >&2
}

main() {
	local packages

	if [ $# = 0 ]; then
		echo "usage: tool/install.sh build [test]" >&2
		exit 2
	fi
	if ! command -v dpkg-query >/dev/null; then
		echo "install: this is not a Debian system; install what" \
		    "tool/packages.txt names by hand" >&2
		exit 1
	fi
	mapfile -t packages < <(wanted "$@")
	mapfile -t packages < <(missing "${packages[@]}")
	if [ ${#packages[@]} -gt 0 ]; then
		install "${packages[@]}"
	fi
}

main "$@"
