# Send SIGHUP to nginx's master, found by its title; exits with 1 if there is none.
for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2> /dev/null < "$process/cmdline") in
        "nginx: master process "*) kill -HUP "${process#/proc/}"; exit ;;
    esac
done
exit 1
