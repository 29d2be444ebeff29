# Print what a log has got since the last look: a first line `INODE SIZE FROM`, then the bytes from
# FROM to SIZE. Of a link to an output of the container: the link's target alone.
#
#   PATH INODE OFFSET MOST
#
# A log that was rotated is another inode, and one that was cut is shorter: both begin anew. Of more
# than MOST bytes the last ones are printed. POSIX, and stat, head and tail as busybox has them too.
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
