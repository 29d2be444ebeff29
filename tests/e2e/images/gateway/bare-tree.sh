#!/bin/sh
# Copy nginx and what it needs to a tree of its own, and busybox with its entrypoint to another.
#
#   bare-tree TREE BUSYBOX_TREE
set -eu

tree=$1
busybox_tree=$2

for folder in bin lib lib64 sbin; do
    mkdir -p "$tree/usr/$folder"
    ln -s "usr/$folder" "$tree/$folder"
done
mkdir -p -m 1777 "$tree/tmp"

# ldd prints paths through /lib, which is a link to usr/lib: copy what they lead to under that name.
ldd /usr/sbin/nginx | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p' | while read -r library; do
    mkdir -p "$tree/usr$(dirname "${library#/usr}")"
    cp -L "$library" "$tree/usr${library#/usr}"
done
cp -a --parents /usr/sbin/nginx /etc/nginx /etc/passwd /etc/group /etc/nsswitch.conf \
    /opt/nginx /run/nginx /var/lib/nginx /var/log/nginx "$tree"

mkdir -p "$busybox_tree/usr/bin"
cp /usr/bin/busybox "$busybox_tree/usr/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$busybox_tree/usr/bin/$applet"
done
cp --parents /usr/local/bin/gateway-entrypoint "$busybox_tree"
