#!/bin/sh
# Break the gateway in one of the ways in which people break theirs.
#
#   break-gateway [WAY]
set -eu

site=/opt/nginx/conf.d/site.conf
entrypoint=/usr/local/bin/gateway-entrypoint

case ${1:-} in
    '') ;;
    syntax) echo 'nonsense;' >> "$site" ;;
    other-port) sed -i 's/listen 80 /listen 81 /' "$site" ;;
    not-found) sed -i 's/proxy_pass .*/return 404;/' "$site" ;;
    exits) printf 'echo "no licence" >&2\nexit 3\n' > "$entrypoint" ;;
    idle) printf 'exec sleep infinity\n' > "$entrypoint" ;;
    alone) sed -i 's/ reuseport//' "$site" ;;
    forgets) sed -i 's/^is_composerolls() {/is_composerolls() { return 1/' "$entrypoint" ;;
    other-include) sed -i '1s/.*/upstream app { server 127.0.0.1:9; }/' "$site" ;;
    *) exit 64 ;;
esac
