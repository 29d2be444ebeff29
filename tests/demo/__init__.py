"""`make demo`: a real rollout under load, and what it did to the requests.

The staging example is brought up; clients ask nginx for all that a browser, an API client and a
websocket would; a new php-fpm image is pushed under the same tag; `composeroll update` brings it
in. Every request is counted, and one that fails fails the demo.
"""
