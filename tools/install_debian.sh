#!/bin/bash
# Installs the Debian packages that the tests use and this machine lacks: sudo tools/install_debian.sh
# Without them `npm test` still passes and lists the tests that it skipped.
set -euo pipefail

list="$(dirname "$0")/apt_packages.txt"
missing=()
while read -r package program; do
  case "$package" in "" | "#"*) continue ;; esac
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("$package")
done <"$list"

# The tests that compile C need libc's headers, which gcc only recommends.
[ -e /usr/include/stdio.h ] || missing+=(libc6-dev)

if [ "${#missing[@]}" -eq 0 ]; then
  echo "All Debian packages for the tests are installed"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Cannot install ${missing[*]} without root: run 'sudo $0'" >&2
  exit 1
fi
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
install() { apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}"; }
# Package lists may be absent on a fresh image, or too old to download from.
if ! install >"$log" 2>&1; then
  apt-get update >>"$log" 2>&1
  install >>"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
fi
