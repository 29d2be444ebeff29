#!/bin/sh
# Make host keys, let the owner of $KEY in, and become sshd, with its defaults: it drops some of more
# than ten that log in at once.
set -eu
ssh-keygen -A > /dev/null
mkdir -p -m 700 /root/.ssh
printf '%s\n' "$KEY" > /root/.ssh/authorized_keys
exec /usr/sbin/sshd -D -e
