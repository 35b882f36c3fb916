#!/bin/sh
# Gathers the image's root file system below $1: the programs that a mirror runs, the libraries that these name, and
# the few files that the libraries look for. Paths and library names are the build machine's own, so that it serves
# every architecture.
set -eu
root=$1

# As Debian has them: the dynamic linker is named by a path below /lib or /lib64.
for folder in bin lib lib64; do
  if [ -L "/$folder" ]; then
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
  fi
done
mkdir -p "$root/etc/ssl/certs" "$root/opt" "$root/proc" "$root/sys" "$root/dev"
mkdir -m 700 "$root/root"
mkdir -m 1777 "$root/tmp"

# git starts /bin/sh for ssh and credential helpers, ssh for KnownHostsCommand. Git's own subcommands are one program.
programs="/usr/local/bin/node /usr/bin/git /usr/lib/git-core/git-remote-http /usr/bin/git-lfs /usr/bin/ssh /bin/sh"
libraries=$(for program in $programs; do ldd "$program"; done | grep -o '/[^ ]*' | sort -u)
for file in $programs $libraries; do
  cp --dereference --parents "$file" "$root"
done
# Which packages these are from, as scanners of images read it: one file a package.
mkdir -p "$root/var/lib/dpkg/status.d"
for file in $programs $libraries; do
  real=$(readlink -f "$file")
  dpkg-query --search "$file" "$real" "${real#/usr}" 2>/dev/null || true
done | sed -n 's/: \/.*//p' | grep -v '^diversion ' | tr ',' '\n' | tr -d ' ' | sort -u >/tmp/packages
# The certificates are copied from a file that a package makes.
echo ca-certificates >>/tmp/packages
while read -r package; do
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/${package%%:*}"
done </tmp/packages
cp --dereference /etc/os-release "$root/etc/"
node --version >"$root/opt/node-version"
# Their licences ask that the notices go with them.
cp --parents /usr/share/doc/*/copyright "$root"
strip --strip-all "$root/usr/local/bin/node"
ln -s ../../bin/git "$root/usr/lib/git-core/git"
# A source on this machine is read by its own program.
ln -s git "$root/usr/lib/git-core/git-upload-pack"
ln -s git-remote-http "$root/usr/lib/git-core/git-remote-https"

# ssh asks who it is; libc asks where names are looked up; curl and node ask whom to trust.
grep '^root:' /etc/passwd | sed 's|/bin/bash$|/bin/sh|' >"$root/etc/passwd"
grep '^root:' /etc/group >"$root/etc/group"
cp /etc/nsswitch.conf "$root/etc/"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

# What was copied now, and what was installed long ago, alike: the same programs make the same layer.
find "$root" -exec touch --no-dereference --date=@0 {} +
