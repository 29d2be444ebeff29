# Put includes in place, or take them away, then become a command.
#
#   PATH put TEXT | PATH drop ""  … -- [COMMAND …]
#
# Ends with 70 where a file could not be written; otherwise the end is the command's own.
# POSIX, for dash and busybox alike. A name with a leading dot is in no include's glob.
umask 022

holds() {
    [ "$(cat "$1" && echo .)" = "$2." ]
}

give_up() {
    rm -f "$temporary"
    echo "$1" >&2
    exit 70
}

# Atomically, by a file beside it with the same owner and mode; 1 where that cannot be, as with a
# file that is a mount of its own (EBUSY) or in a directory that is not ours.
replace() {
    printf '' > "$temporary" || return 1
    [ ! -e "$1" ] || cp -p "$1" "$temporary" 2> /dev/null
    printf %s "$2" > "$temporary" && holds "$temporary" "$2" || give_up "$temporary: not written whole"
    mv -f "$temporary" "$1" && return
    rm -f "$temporary"
    return 1
}

overwrite() {
    [ -f "$1" ] && [ -w "$1" ] && printf %s "$2" > "$1" && holds "$1" "$2"
}

while [ "${1:---}" != -- ]; do
    target=$1
    [ ! -L "$target" ] || target=$(readlink -f "$target") || exit 70
    temporary=${target%/*}/.${target##*/}.composeroll
    rm -f "$temporary"
    [ ! -d "$target" ] || give_up "$target: is a directory"
    case $2 in
        put) replace "$target" "$3" || overwrite "$target" "$3" || give_up "$target: not writable" ;;
        drop) rm -f "$target" || give_up "$target: not removable" ;;
    esac
    shift 3
done
[ $# -lt 2 ] || { shift && exec "$@"; }
