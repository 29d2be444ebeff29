# The sockets that processes of this container hold, then those that listen in its network
# namespace: other containers in that namespace listen there too. Workers of another user keep what
# they hold to themselves, but the master holds every listening socket as well.
for descriptor in /proc/[0-9]*/fd/*; do
    readlink "$descriptor" 2> /dev/null
done
cat /proc/net/tcp /proc/net/tcp6 2> /dev/null
exit 0
