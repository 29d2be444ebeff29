# Print the sockets of nginx's workers that are shutting down, by inode, then the kernel's tables.
for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2> /dev/null < "$process/cmdline") in
        "nginx: worker process is shutting down"*)
            echo "worker ${process#/proc/}"
            ls -l "$process/fd" || echo unreadable
            ;;
    esac
done
for table in tcp tcp6 udp udp6 unix; do
    echo "table $table"
    cat "/proc/net/$table" 2> /dev/null
done
exit 0
