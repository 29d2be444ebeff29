# Print what was appended to a log since the last reading: a first line `INODE SIZE FROM`, then the
# bytes from FROM to SIZE. For a link to an output of the container: only the link's target.
#
#   PATH INODE OFFSET MOST
#
# A rotated log has another inode, and a truncated one is shorter: both are printed from their
# beginning. Of more than MOST bytes, the last MOST are printed. POSIX, plus the options of stat, head
# and tail that busybox has too.
path=$1 inode=$2 offset=$3 most=$4

link=$(readlink "$path")
case $link in
    /dev/stdout | /dev/stderr | /proc/self/fd/[12] | /proc/1/fd/[12]) echo "$link"; exit ;;
esac

[ -f "$path" ] || { echo "$path is no file that can be read on" >&2; exit 1; }
found=$(stat -L -c '%i %s' "$path") || exit 1
size=${found#* }
[ "${found% *}" = "$inode" ] && [ "$offset" -le "$size" ] || offset=0
[ $((size - offset)) -le "$most" ] || offset=$((size - most))
echo "$found $offset"
[ "$size" -eq "$offset" ] || tail -c "+$((offset + 1))" "$path" | head -c "$((size - offset))"
