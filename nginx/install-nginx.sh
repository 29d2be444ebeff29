#!/bin/sh
# Install nginx from a Debian suite, and write down what this nginx can do.
#
#   install-nginx SUITE
#
# The suite is read from the mirror that the image already uses, pinned so that all else stays.
set -eu

suite=$1
tree=/opt/nginx

own_suite() {
    . /etc/os-release
    echo "$VERSION_CODENAME"
}

# Copy the image's own archive, with the other suite's name in the place of its own. Both of apt's
# notations are read: one line, and stanzas.
add_suite() {
    own=$(own_suite)
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        sed -n "s/^\(deb .*\) $own \(.*\)/\1 $suite \2/p" "$file"
    done > "/etc/apt/sources.list.d/$suite.list"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        awk -v own="$own" -v suite="$suite" 'BEGIN { RS = ""; ORS = "\n\n" }
            $0 ~ "Suites: " own "([ \n]|$)" { sub(/Suites:[^\n]*/, "Suites: " suite); print }' "$file"
    done > "/etc/apt/sources.list.d/$suite.sources"
    printf 'Package: *\nPin: release n=%s\nPin-Priority: 40\n' "$suite" \
        > "/etc/apt/preferences.d/$suite"
}

# Whether this nginx accepts a line in its http section.
accepts() {
    printf 'pid /tmp/accepts.pid;\nevents {}\nhttp { %s }\n' "$1" > /tmp/accepts.conf
    nginx -q -t -c /tmp/accepts.conf 2> /dev/null
}

# Debian's tree becomes ours, and a link stays in its place: so a bare `nginx -s reload`, typed by a
# person, means the same configuration.
move_tree() {
    mv /etc/nginx "$tree"
    ln -s "$tree" /etc/nginx
    mkdir -p "$tree/conf.d" "$tree/include" "$tree/abilities" /run/nginx
}

note_abilities() {
    if accepts 'keepalive_min_timeout 5s;'; then
        echo 'keepalive_min_timeout 5s;' > "$tree/reload.conf"
    else
        echo 'keepalive_timeout 0;' > "$tree/reload.conf"
    fi
    if accepts 'upstream a { zone a 64k; resolver 127.0.0.1; server a.test:1 resolve; }'; then
        touch "$tree/abilities/resolve"
    fi
    rm -f /tmp/accepts.*
}

[ "$suite" = "$(own_suite)" ] || add_suite
apt-get update -q
apt-get install -qy --no-install-recommends -t "$suite" nginx
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
move_tree
note_abilities
