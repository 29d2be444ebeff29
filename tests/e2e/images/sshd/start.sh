#!/bin/sh
# Make host keys, let the owner of $KEY in, and become sshd. Compose opens a session for every
# connection to the engine, many at a time.
set -eu
ssh-keygen -A > /dev/null
mkdir -p -m 700 /root/.ssh
printf '%s\n' "$KEY" > /root/.ssh/authorized_keys
exec /usr/sbin/sshd -D -e -o MaxStartups=50:30:100
