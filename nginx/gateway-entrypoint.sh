#!/bin/sh
# Write the boot default of every upstream, then become nginx.
#
#   UPSTREAMS   upstreams separated by white space, each NAME=HOST:PORT or NAME=HOST:PORT@FILE;
#               FILE is its include in /opt/nginx/include, NAME.include where it is not said
#   RESOLVER    the name server that nginx asks; the first of /etc/resolv.conf where it is not said
#   LOOKUP_WAIT seconds that an nginx before 1.27.3 waits for a name that has no address yet (3)
#
# Addresses of containers are used again at once, after a restart most of all: what an include said
# before this start may be another service by now. So it is written anew at every start, with the
# service's name, until composeroll puts proven addresses there. What composeroll wrote stays in two
# cases: it was put here for this very start, so that this nginx can take over from another one; or
# the service has every one of its addresses now, so nothing has moved since.
set -eu

tree=/opt/nginx

# Seconds for one lookup: a name server that cannot be reached would hold nginx up for longer.
LOOKUP_LIMIT=3

# The first name server: in a compose network it is the engine's own.
name_server() {
    while read -r key address _; do
        [ "$key" = nameserver ] || continue
        case $address in *:*) echo "[$address]" ;; *) echo "$address" ;; esac
        return
    done < /etc/resolv.conf
    echo 127.0.0.11
}

# nginx 1.27.3 and newer ask for the name themselves, again and again: nginx starts before the
# service exists, answers 502 until it does, and follows it from then on.
servers_by_name() {
    printf '    resolver %s valid=1s;\n' "${RESOLVER:-$(name_server)}"
    printf '    server %s:%s resolve;\n' "$1" "$2"
}

# Older ones ask once, while they start, and do not start without an answer. So the addresses are
# looked up here. Where there are none yet, the one server is marked as down, and says the port to
# composeroll: nginx starts and answers 502, and goes on doing so until composeroll writes the
# include or nginx is started again.
servers_by_address() {
    servers=$(looked_up "$1" "$2")
    waited=0
    while [ -z "$servers" ] && [ "$waited" -lt "$LOOKUP_WAIT" ]; do
        sleep 1
        waited=$((waited + 1))
        servers=$(looked_up "$1" "$2")
    done
    printf '%s\n' "${servers:-    server 224.0.0.0:$2 down; # $1 had no address when nginx started}"
}

looked_up() {
    timeout "$LOOKUP_LIMIT" getent ahosts "$1" | while read -r address kind _; do
        [ "$kind" = STREAM ] || continue
        case $address in *:*) address="[$address]" ;; esac
        printf '    server %s:%s; # %s\n' "$address" "$2" "$1"
    done
}

# boot_default NAME HOST PORT
boot_default() {
    printf "# written by the gateway's entrypoint: the boot default of %s\n" "$2"
    printf 'upstream %s {\n    zone %s 256k;\n' "$1" "$1"
    if [ -e "$tree/abilities/resolve" ]; then
        servers_by_name "$2" "$3"
    else
        servers_by_address "$2" "$3"
    fi
    printf '}\n'
}

is_composerolls() {
    { read -r line < "$1"; } 2> /dev/null || return 1
    case $line in "# composeroll: upstream of service "*) ;; *) return 1 ;; esac
}

# A container that was started before may have been down for long, or its engine with all others.
first_start=no
if mkdir "$tree/started" 2> /dev/null; then
    first_start=yes
fi

# handed_over FILE: whether it was put here less than a minute ago, and this is the first start.
handed_over() {
    [ "$first_start" = yes ] && [ -n "$(find "$1" -mmin -1)" ]
}

# still_holds FILE HOST PORT: whether the service has all addresses that it names.
still_holds() {
    named=$(sed -n 's/^[[:space:]]*server[[:space:]]\{1,\}\([^[:space:];]*\).*/\1/p' "$1")
    now=$(looked_up "$2" "$3")
    for address in ${named:-none}; do
        case $now in *" $address;"*) ;; *) return 1 ;; esac
    done
}

# write NAME HOST PORT FILE; an include that cannot be written is one that nobody else has changed.
write() {
    include=$tree/include/$4
    if is_composerolls "$include" && { handed_over "$include" || still_holds "$include" "$2" "$3"; }; then
        return
    fi
    text=$(boot_default "$1" "$2" "$3")
    if ! { printf '%s\n' "$text" > "$tree/include/$4"; } 2> /dev/null; then
        echo "gateway: $tree/include/$4 cannot be written; nginx starts with what is there" >&2
    fi
}

refuse() {
    echo "gateway: $1" >&2
    exit 64
}

case ${LOOKUP_WAIT:=3} in
    *[!0-9]*)
        echo "gateway: LOOKUP_WAIT is $LOOKUP_WAIT, which is no whole number of seconds; it is taken for 3" >&2
        LOOKUP_WAIT=3
        ;;
esac

# read_entry NAME=HOST:PORT[@FILE]: sets name, host, port and file.
read_entry() {
    form="in UPSTREAMS, $1 is not NAME=HOST:PORT[@FILE]"
    case $1 in ?*=?*:?*) ;; *) refuse "$form" ;; esac
    name=${1%%=*}
    target=${1#*=}
    file=$name.include
    case $target in *@*) file=${target##*@} target=${target%@*} ;; esac
    case $name/$target/$file in ?*/?*:?*/?*) ;; *) refuse "$form" ;; esac
    host=${target%:*} port=${target##*:}
}

# All are read before one is written: a start that is refused leaves everything as it is.
for entry in ${UPSTREAMS:-}; do
    read_entry "$entry"
done
for entry in ${UPSTREAMS:-}; do
    read_entry "$entry"
    write "$name" "$host" "$port" "$file"
done

exec "$@"
