#!/bin/sh
# Whether php-fpm answers its ping.
reply=$(SCRIPT_NAME=/ping SCRIPT_FILENAME=/ping REQUEST_METHOD=GET \
    cgi-fcgi -bind -connect 127.0.0.1:9000) || exit 1
case $reply in *pong*) exit 0 ;; *) echo "$reply"; exit 1 ;; esac
