# Write or remove includes, then execute a command.
#
#   PATH put TEXT | PATH drop ""  … -- [COMMAND …]
#
# Exits with 70 if a file could not be written or removed, else with the command's exit code.
# POSIX, for dash and busybox. A file name with a leading dot matches no include's glob.
umask 022

holds() {
    [ "$(cat "$1" && echo .)" = "$2." ]
}

give_up() {
    rm -f "$temporary"
    echo "$1" >&2
    exit 70
}

# Replace a file atomically, by renaming a file in the same directory with the same owner and mode.
# Returns 1 if that is not possible, for example if the file is itself a mount (EBUSY) or its
# directory is not writable.
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
