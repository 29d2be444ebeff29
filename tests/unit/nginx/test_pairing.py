"""Which of nginx's connections prove that nobody asks anything more."""

from __future__ import annotations

import pytest

from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.nginx.configuration.pairing import Pairing
from tests.unit.nginx.made import MAIN, join_dump

SITE = """
upstream backend {{ server 10.0.0.5:9000; }}
upstream websocket {{ server 10.0.0.7:9300; server 10.0.0.8:9300; }}
server {{
    listen 80;
    {server}
    location / {{ fastcgi_pass backend; }}
    location /ws {{ proxy_pass http://websocket; {location} }}
}}
"""


def pairing(http: str = "", server: str = "", location: str = "", main: str = "") -> Pairing:
    site = SITE.format(server=server, location=location)
    text = f"{main}\nevents {{}}\nhttp {{ {http}\n{site} }}\n"
    return read_configuration(join_dump({MAIN: text})).pairing


def test_without_keepalive_min_timeout_an_old_worker_never_reads_a_second_request() -> None:
    assert pairing() == Pairing(ending=frozenset({9000, 9300}))


def test_a_server_that_is_down_now_may_have_been_asked_by_an_old_worker() -> None:
    http = "upstream quiet { server 10.0.0.9:9400 down; }"
    asked = "location /q { proxy_pass http://quiet; }"
    assert pairing(http, asked).ending == {9000, 9300, 9400}


@pytest.mark.parametrize("block", ["map $sub $to", "geo $to", "split_clients $sub $to"])
def test_what_stands_first_in_a_line_of_a_table_is_no_directive(block: str) -> None:
    table = f"{block} {{ mail 10.0.0.9:9400; mirror 10.0.0.9:9401; }}"
    asked = "location /q { proxy_pass http://$to; }"
    assert pairing(table, asked).blind == ""


def test_nginx_finds_the_upstream_of_a_pass_in_any_case_of_letters() -> None:
    http = "upstream Quiet { server 10.0.0.9:9400; }"
    asked = "location /q { proxy_pass http://quiet; }"
    assert pairing(http, asked).ending == {9000, 9300, 9400}


@pytest.mark.parametrize(
    ("http", "location", "ending"),
    [
        ("keepalive_min_timeout 5s;", "", set()),
        ("keepalive_min_timeout 0;", "", {9000, 9300}),
        ("keepalive_min_timeout 5s;", "keepalive_timeout 0;", {9300}),
        ("keepalive_min_timeout 5s;", "keepalive_min_timeout 0;", {9300}),
        ("keepalive_min_timeout 5s; keepalive_timeout 0;", "", {9000, 9300}),
        ("keepalive_min_timeout 5s; keepalive_timeout 0;", "keepalive_timeout 75s 60s;", {9000}),
        ("keepalive_min_timeout 5s;", "keepalive_timeout $ours;", set()),
    ],
)
def test_a_location_counts_where_its_clients_are_let_go(
    http: str, location: str, ending: set[int]
) -> None:
    found = pairing(http, location=location)
    assert (found.blind, set(found.ending)) == ("", ending)
    assert set(found.reusing) == {9000, 9300} - ending


def test_a_pass_with_a_port_goes_there_even_where_an_upstream_bears_that_name() -> None:
    asked = "location /q { set $to websocket; proxy_pass http://$to:9400; }"
    assert pairing(server=asked).ending == {9000, 9300, 9400}


def test_a_port_counts_only_if_every_way_to_it_does() -> None:
    other = "location /sse { proxy_pass http://10.0.0.9:9300; }"
    found = pairing("keepalive_min_timeout 5s;", other, "keepalive_timeout 0;")
    assert 9300 not in found.ending


@pytest.mark.parametrize(
    "server",
    [
        "listen 443 ssl http2;",
        "listen 443 quic;",
        "listen 5353 udp;",
        "listen unix:/run/nginx.sock;",
        "http2 on;",
        "auth_request /auth;",
        "mirror /copy;",
        "ssi on;",
        "proxy_cache pages;",
        "fastcgi_cache pages;",
        "proxy_store on;",
        "proxy_ignore_client_abort on;",
        "content_by_lua_file x.lua;",
        "js_content main.hello;",
        "location /v { set $b http://a; set $b http://${name}:1; proxy_pass $b; }",
    ],
)
def test_where_connections_do_not_come_in_pairs_nothing_is_concluded(server: str) -> None:
    assert pairing(server=server).blind


@pytest.mark.parametrize(
    "server", ["http2 off;", "ssi off;", "proxy_cache off;", "listen 443 ssl;", "listen [::]:80;"]
)
def test_what_is_switched_off_does_not_matter(server: str) -> None:
    assert not pairing(server=server).blind


@pytest.mark.parametrize(
    ("module", "blind"),
    [
        ("modules/ngx_stream_module.so", False),
        ("/usr/lib/nginx/modules/ngx_http_geoip2_module.so", False),
        ("modules/ngx_http_lua_module.so", True),
    ],
)
def test_a_module_that_nobody_knows_may_connect_to_anybody(module: str, *, blind: bool) -> None:
    assert bool(pairing(main=f"load_module {module};").blind) is blind


def test_a_stream_of_rtmp_is_pushed_to_several_and_played_by_many() -> None:
    live = "server { listen 1935; application live { push rtmp://10.0.0.9/live; } }"
    assert "`rtmp`" in pairing(main=f"rtmp {{ {live} }}").blind


@pytest.mark.parametrize("beside", ["", "location /q { proxy_pass http://10.0.0.9:6379; }"])
def test_what_a_module_of_others_connects_to_may_stay_without_a_client(beside: str) -> None:
    """As nchan's to its Redis."""
    other = f"location /sub {{ nchan_redis_pass 10.0.0.9:6379; }} {beside}"
    found = pairing(server=other)
    assert (found.blind, set(found.ending)) == ("", {9000, 9300})


def test_the_reason_says_where_it_stands() -> None:
    assert f"`http2 on` ({MAIN}:" in pairing(server="http2 on;").blind


@pytest.mark.parametrize(
    "line",
    [
        "ssl_session_cache shared:SSL:10m;",
        "ssl_certificate_cache max=100;",
        "open_file_cache max=1000;",
        "open_log_file_cache max=10;",
    ],
)
def test_a_cache_of_no_answers_leaves_pairs_as_they_are(line: str) -> None:
    assert not pairing(line).blind


def test_a_file_that_two_locations_include_is_what_either_makes_of_it() -> None:
    """In one of them a client's connection stays, whatever the other says."""
    around = """events {}
    http { keepalive_min_timeout 5s;
    upstream websocket { server 10.0.0.7:9300; }
    server { listen 80;
     location /download { include snippet.conf; }
     location /ws { keepalive_timeout 0; include snippet.conf; }
    } }"""
    files = {MAIN: around, "/etc/nginx/snippet.conf": "proxy_pass http://websocket;"}
    found = read_configuration(join_dump(files)).pairing
    assert 9300 not in found.ending
    assert 9300 in found.reusing
