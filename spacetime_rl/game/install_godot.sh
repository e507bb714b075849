#!/usr/bin/env bash
# Put Godot 4 into a private prefix from the Debian archive that this machine's apt already uses.
#
#   install_godot.sh [PREFIX]        default: ~/.cache/spacetime-rl/godot/<version>
#
# No root is needed, no system package changes, signatures and hashes are checked by apt. Prints the path of the binary.
#   GODOT_PACKAGE=godot              or godot-template-release, which exported games are made of;
#                                    its default prefix: ~/.cache/spacetime-rl/godot-templates/<version>
#   GODOT_SERIES=4.6                 wanted series; the newest <series>.* of the archive is taken
#   GODOT_APT_SUITES="testing sid"   Debian suites to try, in order
#   GODOT_APT_URI=...                archive to use instead of the one in apt's configuration
set -euo pipefail

series=${GODOT_SERIES:-4.6}
suites=${GODOT_APT_SUITES:-testing sid}
package=${GODOT_PACKAGE:-godot}
case $package in
  godot) cache=${XDG_CACHE_HOME:-$HOME/.cache}/spacetime-rl/godot ;;
  *) cache=${XDG_CACHE_HOME:-$HOME/.cache}/spacetime-rl/godot-templates ;;
esac

say() { printf '[install_godot] %s\n' "$*" >&2; }
die() { say "error: $*"; exit 3; }

# The second run: nothing to do, and no network either.
if [ $# -eq 0 ]; then
  for found in "$cache/$series"{,.*}/bin/"$package"; do
    if [ -x "$found" ] && "$found" --headless --version >/dev/null 2>&1; then
      say "already there"; echo "$found"; exit 0
    fi
  done
fi

for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null || die "$tool is missing: this needs Debian or Ubuntu; elsewhere install Godot $series yourself and set GODOT_BIN"
done
arch=$(dpkg --print-architecture)
case $arch in
  amd64) triplet=x86_64-linux-gnu loader_name=ld-linux-x86-64.so.2 ;;
  arm64) triplet=aarch64-linux-gnu loader_name=ld-linux-aarch64.so.1 ;;
  *) die "no Godot packages for architecture $arch; build one and set GODOT_BIN" ;;
esac

# What an installation that was killed has left: half an engine, or the old one put aside.
find "${TMPDIR:-/tmp}" -maxdepth 1 -user "$(id -u)" -name 'godot-apt.*' -mmin +600 -exec rm -rf {} + 2>/dev/null || true
if [ $# -eq 0 ] && [ -d "$cache" ]; then
  find "$cache" -maxdepth 1 -name '.stage.*' -mmin +60 -exec rm -rf {} +
  for old in "$cache"/*.old; do
    if [ -e "${old%.old}" ]; then rm -rf "$old"; elif [ -e "$old" ]; then mv "$old" "${old%.old}"; fi
  done
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/godot-apt.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# On Ubuntu the Debian archive is assumed beside Ubuntu's own on the same mirror.
archive_uri() {
  # shellcheck disable=SC2016  # apt, not the shell, fills these in
  apt-get indextargets --format '$(CREATED_BY)|$(COMPONENT)|$(ORIGIN)|$(RELEASE)|$(REPO_URI)' 2>/dev/null |
    awk -F'|' '$1 == "Packages" && $2 == "main" && ($3 == "Debian" || $3 == "Ubuntu") && $4 !~ /-(security|updates|backports)$/ {
                 uri = $5; if ($3 == "Ubuntu") sub(/ubuntu\/*$/, "debian/", uri); print uri; exit }'
}

# A keyring newer than the installed one, vouched for by this machine's own signed suites.
newer_keyring() {
  mkdir -p "$work/keyring"
  ( cd "$work/keyring" && apt-get -qq download debian-archive-keyring && dpkg-deb -x debian-archive-keyring_*.deb . ) >&2 || return 1
  find "$work/keyring" \( -name 'debian-archive-keyring.gpg' -o -name 'debian-archive-keyring.pgp' \) | head -1 | grep .
}

# An apt of our own: own lists, an empty status, one source. The system's apt is not touched.
apt_options=(
  -o "Dir::State=$work" -o "Dir::State::status=$work/status" -o "Dir::State::Lists=$work/lists"
  -o "Dir::State::extended_states=$work/extended_states" -o "Dir::Cache=$work/cache"
  -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
  -o Dir::Etc::Trusted=/dev/null -o Dir::Etc::TrustedParts=/dev/null
  -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User=root
  -o APT::Install-Recommends=false -o Debug::NoLocking=true -o Acquire::Languages=none -o Acquire::Retries=2
  -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 )

open_suite() {  # SUITE: make `apt` see it; true when its index is there and its signature holds
  echo "deb [signed-by=$keyring arch=$arch] $uri $1 main" > "$work/sources.list"
  say "asking the archive for suite $1"
  rm -rf "$work/lists"; mkdir -p "$work/lists/partial" "$work/cache/archives/partial"; : > "$work/status"
  apt-get "${apt_options[@]}" -qq update > "$work/update.log" 2>&1 && ! grep -q '^[WE]:' "$work/update.log"
}

newest_godot() {
  apt-cache "${apt_options[@]}" madison "$package" 2>/dev/null | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' |
    grep -E "^${series//./\\.}([.+-]|$)" | sort -V | tail -1
}

uri=${GODOT_APT_URI:-$(archive_uri)}
[ -n "$uri" ] || die "apt's configuration names no Debian archive; run 'apt-get update' or set GODOT_APT_URI"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || keyring=$(newer_keyring) || die "no debian-archive-keyring; run 'apt-get update' and try again"
version=
for suite in $suites; do
  if ! open_suite "$suite"; then
    if grep -qE 'NO_PUBKEY|not signed|EXPKEYSIG' "$work/update.log" && keyring_found=$(newer_keyring); then
      keyring=$keyring_found
      open_suite "$suite" || { say "suite $suite is not usable"; continue; }
    else
      say "suite $suite is not usable: $(grep -m1 '^[WE]:' "$work/update.log" | sed 's| *[a-z+]*://[^ ]*||g') (see apt's configuration)"; continue
    fi
  fi
  version=$(newest_godot || true)
  [ -n "$version" ] && break
  say "suite $suite has no godot $series.*"
done
[ -n "$version" ] || die "no suite of ($suites) has godot $series.*; name a Debian archive that this machine reaches by GODOT_APT_URI, or install an official release yourself and set GODOT_BIN"
upstream=$(sed -E 's/^([0-9]+\.[0-9]+(\.[0-9]+)?).*/\1/' <<< "$version")
prefix=${1:-$cache/$upstream}
say "$package $version from suite $suite"

# Large packages of the dependency closure that a headless engine never links.
heavy='^(libllvm.*|mesa-.*|libz3-.*|fonts-.*|xkb-data|libx11-data|libdrm-.*|libgl1-mesa-dri|debconf.*|cdebconf.*|x11-common|libasound2-data)$'
apt-get "${apt_options[@]}" -qq --print-uris -y install "$package=$version" patchelf > "$work/plan" 2> "$work/plan.log" ||
  { cat "$work/plan.log" >&2; die "apt cannot resolve $package $version"; }
awk '{ print $2 }' "$work/plan" | sed -E 's/_[^_]+\.deb$//; s/%3a/:/g; s/_/=/' > "$work/closure"
awk -F= -v heavy="$heavy" '$1 !~ heavy' "$work/closure" > "$work/wanted"

mkdir -p "$work/debs" "$(dirname "$prefix")"
stage=$(mktemp -d "$(dirname "$prefix")/.stage.XXXXXX")
trap 'rm -rf "$work" "$stage"' EXIT
unpack() {  # FILE with "package=version" lines: fetch (apt checks the hashes) and unpack into the stage
  ( cd "$work/debs" && xargs -r apt-get "${apt_options[@]}" -qq download < "$1" > "$work/download.log" 2>&1 ) ||
    { tail -5 "$work/download.log" >&2; die "download failed; check the network and run this again"; }
  for deb in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$stage" --keep-directory-symlink
    rm "$deb"
  done
}
say "fetching $(wc -l < "$work/wanted") packages"
unpack "$work/wanted"

libraries=$stage/usr/lib/$triplet
loader=$(find "$stage" -name "$loader_name" \( -type f -o -type l \) -path "*$triplet*" | head -1)
[ -n "$loader" ] || loader=$(find "$stage" -name "$loader_name" | head -1)
linked() { "$loader" --library-path "$libraries:$libraries/pulseaudio" --list "$stage/usr/bin/$1"; }
if linked "$package" 2>&1 | grep -q 'not found'; then
  say "a needed library was left out; fetching the whole closure"
  grep -vxFf "$work/wanted" "$work/closure" > "$work/rest"
  unpack "$work/rest"
  linked "$package" 2>&1 | grep 'not found' >&2 && die "libraries are missing from suite $suite"
fi

# Keep the binary, the loader and what they link; point the binary at its own loader and libraries.
# (Running it through ld.so would break OS.get_executable_path().)
new=$stage/new
mkdir -p "$new/bin" "$new/lib" "$new/share/doc"
{ linked "$package"; linked patchelf; } | awk '$3 ~ /^\// { print $3 }' | sort -u | xargs cp -L -t "$new/lib"
cp -L "$loader" "$new/lib/$loader_name"
cp -L "$stage/usr/bin/$package" "$new/bin/$package"
cp -r "$stage/usr/share/doc/$package" "$new/share/doc/"
patch() { "$loader" --library-path "$libraries" "$stage/usr/bin/patchelf" "$@"; }
chmod 755 "$new/bin/$package"
patch --set-interpreter "$prefix/lib/$loader_name" --force-rpath --set-rpath "$prefix/lib" "$new/bin/$package"
for library in "$new"/lib/libpulse*.so*; do
  [ -f "$library" ] && patch --force-rpath --set-rpath "$prefix/lib" "$library"
done
touch "$new/bin/._sc_"  # self-contained: the editor keeps its settings beside the binary, not in the user's home

rm -rf "$prefix.old"
[ -e "$prefix" ] && mv "$prefix" "$prefix.old"
mv "$new" "$prefix"
rm -rf "$prefix.old"
found=$("$prefix/bin/$package" --headless --version) || die "the installed binary does not run"
say "$package $found in $prefix ($(du -sh "$prefix" | cut -f1))"
echo "$prefix/bin/$package"
