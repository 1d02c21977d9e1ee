#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-archive.sh FOLDER [ORIGIN [DEB...]]: a Debian archive of one package, and of
# those that are given, signed with a key made for it and thrown away.
# FOLDER/archive is the archive, FOLDER/archive.gpg its public key.
set -euo pipefail
folder=$1 origin=${2:-pimigrate}
shift $(($# < 2 ? $# : 2))
mkdir -p "$folder/archive"
[ $# = 0 ] || cp --reflink=auto "$@" "$folder/archive"
cd "$folder"
home=$(mktemp -d)
tree=$(mktemp -d)
trap 'gpgconf --homedir "$home" --kill gpg-agent || true; rm -rf "$home" "$tree"' EXIT
sign=(gpg --homedir "$home" --batch --quiet --pinentry-mode loopback --passphrase '')
"${sign[@]}" --quick-generate-key 'pimigrate test archive' rsa2048 sign 1d
"${sign[@]}" --export >archive.gpg

mkdir -p "$tree/DEBIAN" "$tree/usr/share/pimigrate-test"
echo hello >"$tree/usr/share/pimigrate-test/hello"
cat >"$tree/DEBIAN/control" <<E
Package: pimigrate-test
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: a file that says hello
E
dpkg-deb --root-owner-group -Zgzip -b "$tree" archive/pimigrate-test.deb >/dev/null
cd archive
for deb in *.deb; do
	dpkg-deb --field "$deb"
	echo "Filename: ./$deb"
	echo "Size: $(stat -c %s "$deb")"
	echo "SHA256: $(sha256sum <"$deb" | cut -d' ' -f1)"
	echo
done >Packages
cat >Release <<E
Origin: $origin
Suite: test
Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')
SHA256:
 $(sha256sum <Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages
E
"${sign[@]}" --clearsign --digest-algo SHA256 --output InRelease Release
