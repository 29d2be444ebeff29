#!/bin/bash
# The seed's deploy script, for an app of two replicas: what it does and in which order, its
# arithmetic for one replica made right for two, and only the containers of this project removed.
#
#   seed.sh COMPOSE_FILE PROJECT INCLUDE
set -eu
compose=(docker compose -f "$1")

"${compose[@]}" pull app
mapfile -t old < <("${compose[@]}" ps -q app)
"${compose[@]}" up -d --no-deps --no-recreate --scale app=$((2 * ${#old[@]})) app
mapfile -t new < <("${compose[@]}" ps -q app | grep -vxF "$(printf '%s\n' "${old[@]}")")

addresses=$(docker inspect -f "{{(index .NetworkSettings.Networks \"$2_default\").IPAddress}}" "${new[@]}")
"${compose[@]}" exec -T nginx sh -c '
    echo "upstream app {" > "$1"
    for address in $2; do echo "  server $address:8000;" >> "$1"; done
    echo "}" >> "$1"
' sh "$3" "$addresses"
sleep 5
"${compose[@]}" exec -T nginx nginx -c /opt/nginx/nginx.conf -s reload

docker kill "${old[@]}"
docker rm "${old[@]}"
