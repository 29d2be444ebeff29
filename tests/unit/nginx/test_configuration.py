"""nginx's configuration as data: recorded ones, and every form that a pass can take."""

from __future__ import annotations

import pytest

from composeroll.model import Protocol, Server
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.nginx.configuration.upstreams import Context
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, SITE, configured, join_dump, recorded

HARD = r"""
load_module modules/ngx_http_lua_module.so;
stream {
    upstream db { least_conn; server db:5432 backup; server [fd00::7]:5432; }
    server { listen 5432; proxy_pass db; }
}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; "~*a{2}" "x;y"; }
    init_by_lua_block { local brace = "}" -- { it's
    }
    upstream backend {
        zone backend 256k;
        hash "$request uri" consistent;
        server 10.0.0.5:9000 max_fails=3; # staging-php-fpm-1 111111111111
        server unix:/run/fpm.sock;
    }
    some_module_directive on "quoted } brace";
    server {
        listen 80 default_server; listen [::]:443 ssl;
        location ~ "^/a{2}\.php$" { if ($uri = "{") { return 403; } fastcgi_pass backend; }
    }
}
# the end, without a newline"""


def test_debians_own_configuration_has_no_upstream_and_is_read_whole() -> None:
    found = recorded("debian-1.26.txt")
    assert (found.main, found.upstreams, found.unread) == (MAIN, (), ())
    assert "/etc/nginx/mime.types" in found.files
    assert found.included_by("/etc/nginx/conf.d/new.conf")


def test_the_gateway_images_upstream_stands_alone_in_its_include() -> None:
    found = recorded("gateway-1.30.txt")
    (block,) = found.upstreams
    assert (block.upstream.name, block.place.file) == ("app", "/opt/nginx/include/app.include")
    assert block.alone
    assert [(p.target, p.protocol) for p in found.passes] == [("app", Protocol.HTTP)]


def test_lua_unknown_directives_quoted_braces_and_stream_are_read() -> None:
    found = read_configuration(join_dump({MAIN: HARD}))
    assert found.unread == ()
    db, backend = found.upstreams
    assert (db.context, backend.context) == (Context.STREAM, Context.HTTP)
    assert backend.upstream.directives == (
        "zone backend 256k",
        "hash '$request uri' consistent",
    )
    assert backend.upstream.servers == (
        Server("10.0.0.5:9000", ("max_fails=3",), "staging-php-fpm-1 111111111111"),
        Server("unix:/run/fpm.sock"),
    )
    assert found.servers[1].listens == ("80 default_server", "[::]:443 ssl")
    assert found.passes[1].listens == ("80 default_server", "[::]:443 ssl")


def test_a_file_that_holds_more_than_the_upstream_says_what() -> None:
    (block,) = configured("", backend=f"{BACKEND}server {{ listen 80; }}").upstreams
    assert block.neighbours == ("server",)


def test_two_upstreams_of_one_line_are_neighbours() -> None:
    first, second = configured(
        "", both="upstream a {server a:1;} upstream b {server b:1;}"
    ).upstreams
    assert (first.neighbours, second.neighbours) == (("upstream b",), ("upstream a",))


def test_comments_beside_the_upstream_do_not_count() -> None:
    (block,) = configured("", backend=f"# ours\n{BACKEND}# end\n").upstreams
    assert block.alone


def test_an_included_file_counts_in_its_place_and_keeps_its_lines() -> None:
    found = configured("server { include upstreams/*.locations; }", backend=f"\n\n{BACKEND}")
    assert str(found.upstreams[0].place) == f"{INCLUDE}:3"
    assert found.included_by("/etc/nginx/upstreams/a.locations")


@pytest.mark.parametrize(
    ("pattern", "head"),
    [
        ("./conf.d/*.conf", "/etc/nginx/./conf.d/backend.conf"),
        ("conf.d//*.conf", "/etc/nginx/conf.d//backend.conf"),
        ("//etc/nginx/conf.d/backend.conf", "//etc/nginx/conf.d/backend.conf"),
        ("/etc/nginx/*/./b*.conf", "/etc/nginx/conf.d/./backend.conf"),
    ],
)
def test_a_file_is_known_by_one_path_however_its_include_spells_it(pattern: str, head: str) -> None:
    nested = "server 10.0.0.5:9000; include ./upstreams//*.servers;"
    servers = "/etc/nginx/./upstreams//more.servers"
    files = {
        MAIN: f"http {{ include {pattern}; {SITE} }}",
        head: f"upstream backend {{ {nested} }}",
        servers: "server 10.0.0.6:9000;",
    }
    found = read_configuration(join_dump(files))
    (block,) = found.upstreams
    assert block.place.file == "/etc/nginx/conf.d/backend.conf"
    assert block.upstream.addresses == {"10.0.0.5:9000", "10.0.0.6:9000"}
    assert found.files[block.place.file] == files[head]
    assert found.included_by(block.place.file)


def test_a_step_upwards_stays_in_a_path_since_a_link_may_lead_elsewhere() -> None:
    head = "/etc/nginx/live/../conf.d/backend.conf"
    files = {MAIN: "http { include live/../conf.d/*.conf; }", head: BACKEND}
    (block,) = read_configuration(join_dump(files)).upstreams
    assert block.place.file == head


def test_a_file_that_is_read_by_two_spellings_is_one_file_and_read_twice() -> None:
    head, again = "/etc/nginx/./app.conf", "/etc/nginx/app.conf"
    files = {
        MAIN: "http { server { include ./app.conf; } server { include app.conf; } }",
        head: "listen 81;\n",
        again: "listen 81;\n",
    }
    found = read_configuration(join_dump(files))
    assert [server.listens for server in found.servers] == [("81",), ("81",)]
    assert found.files == {MAIN: files[MAIN], again: "listen 81;\n"}


def test_a_file_that_cannot_be_read_leaves_the_others() -> None:
    found = configured(backend=BACKEND, broken="server {\n")
    assert [block.upstream.name for block in found.upstreams] == ["backend"]
    assert found.unread[0].startswith("/etc/nginx/upstreams/broken.conf:")


@pytest.mark.parametrize(
    ("line", "target", "port", "protocol"),
    [
        ("proxy_pass http://backend;", "backend", None, Protocol.HTTP),
        ("proxy_pass https://backend/path/;", "backend", None, Protocol.HTTP),
        ('proxy_pass "http://app:8080/a b";', "app", 8080, Protocol.HTTP),
        ("proxy_pass http://[fd00::5]:81/;", "fd00::5", 81, Protocol.HTTP),
        ("proxy_pass http://unix:/run/a.sock:/x;", "unix:/run/a.sock:/x", None, Protocol.HTTP),
        ("grpc_pass grpc://backend;", "backend", None, Protocol.GRPC),
        ("grpc_pass backend;", "backend", None, Protocol.GRPC),
        ("fastcgi_pass php-fpm:9000;", "php-fpm", 9000, Protocol.FASTCGI),
        ("fastcgi_pass unix:/run/fpm.sock;", "unix:/run/fpm.sock", None, Protocol.FASTCGI),
        ("uwsgi_pass backend;", "backend", None, Protocol.UWSGI),
        ("tunnel_pass backend;", "backend", None, Protocol.TCP),
        ("tunnel_pass app:8080;", "app", 8080, Protocol.TCP),
        ("set $to backend; proxy_pass http://$to/x;", "backend", None, Protocol.HTTP),
        ("set $to app:81; proxy_pass http://${to};", "app", 81, Protocol.HTTP),
        ("proxy_pass http://backend$request_uri;", "backend", None, Protocol.HTTP),
        ("proxy_pass http://app:8080$uri$is_args$args;", "app", 8080, Protocol.HTTP),
        ("proxy_pass 'http://backend${request_uri}';", "backend", None, Protocol.HTTP),
        ("proxy_pass http://backend?q=$arg_q;", "backend", None, Protocol.HTTP),
        ("proxy_pass http://$args_host;", "$args_host", None, Protocol.HTTP),
        ("proxy_pass http://$host;", "$host", None, Protocol.HTTP),
        ("proxy_pass $scheme://backend;", "backend", None, Protocol.HTTP),
        ("proxy_pass http://app:8080/plain/http://minio:9000/$1;", "app", 8080, Protocol.HTTP),
        ("proxy_pass $to/plain/http://minio:9000;", "$to", None, Protocol.HTTP),
        ("proxy_pass http://backend$1$is_args$args;", "backend", None, Protocol.HTTP),
        ("proxy_pass http://stranger$1;", "stranger$1", None, Protocol.HTTP),
        ("proxy_pass http://app:8000$1;", "app", 8000, Protocol.HTTP),
        ("proxy_pass http://[fd00::5]:81$1;", "fd00::5", 81, Protocol.HTTP),
        ("proxy_pass http://backend:$port;", "backend", 0, Protocol.HTTP),
        ("set $up x; proxy_pass http://$upstream_name:81;", "$upstream_name", 81, Protocol.HTTP),
        ("set $up x; proxy_pass http://${up}stream;", "xstream", None, Protocol.HTTP),
        (r"set $up 'a\1'; proxy_pass http://$up:81;", r"a\1", 81, Protocol.HTTP),
        ("set $of app; set $to http://$of:81; proxy_pass $to;", "app", 81, Protocol.HTTP),
        ("set $to $to/x; proxy_pass http://backend/$to;", "backend", None, Protocol.HTTP),
        ('set $to ""; proxy_pass http://$to:81;', "$to", 81, Protocol.HTTP),
    ],
)
def test_a_pass_names_its_target(
    line: str, target: str, port: int | None, protocol: Protocol
) -> None:
    (found,) = configured(f"server {{ location / {{ {line} }} }}", backend=BACKEND).passes
    assert (found.target, found.port, found.protocol) == (target, port, protocol)


@pytest.mark.parametrize(
    ("line", "target", "port"),
    [
        ("push rtmp://app:1936/live playpath=x tcUrl=rtmp://cdn/live;", "app", 1936),
        ("pull rtmp://app/main?id=1 name=channel static;", "app", 1935),
        ("push app;", "app", 1935),
        ("on_publish http://app/allow;", "app", None),
        ("on_disconnect http://app:81/gone;", "app", 81),
    ],
)
def test_what_rtmp_relays_to_or_calls_is_the_first_thing_in_its_line(
    line: str, target: str, port: int | None
) -> None:
    text = f"events {{}}\nrtmp {{ server {{ application live {{ {line} }} }} }}\n"
    (found,) = read_configuration(join_dump({MAIN: text})).passes
    assert (found.target, found.port) == (target, port)


@pytest.mark.parametrize("by", ["$cookie_c", "${cookie_c}"])
def test_a_pass_through_a_map_counts_for_each_of_its_values(by: str) -> None:
    chosen = f"map {by} $to {{ hostnames; default stable; x canary; }}"
    found = configured(f"{chosen} server {{ location / {{ proxy_pass http://$to; }} }}")
    assert [p.target for p in found.passes] == ["stable", "canary"]


@pytest.mark.parametrize("url", ["$to", "http://$to", "http://$to/x", "https://$to$request_uri"])
def test_where_a_map_gives_nothing_its_pass_leads_to_nobody(url: str) -> None:
    """There nginx answers 500."""
    chosen = 'map $host $to { default ""; a.example.com app:81; }'
    found = configured(f"{chosen} server {{ location / {{ proxy_pass {url}; }} }}")
    assert [(p.target, p.port) for p in found.passes] == [("app", 81)]


def test_a_variable_that_is_set_in_one_server_says_nothing_of_another() -> None:
    """As in the sites of linuxserver's SWAG, which all call their variables alike."""
    site = (
        "server {{ location / {{ set $app {}; set $port {}; proxy_pass http://$app:$port; }} }}\n"
    )
    found = configured(site.format("shop", 8001) + site.format("blog", 8002))
    assert [(p.target, p.port) for p in found.passes] == [("shop", 8001), ("blog", 8002)]


def test_a_variable_may_be_set_anywhere_in_its_server() -> None:
    sets = "set $to shop; location /b { set $to blog; rewrite ^ /; }"
    found = configured(f"server {{ {sets} location / {{ proxy_pass http://$to; }} }}")
    assert [p.target for p in found.passes] == ["shop", "blog"]


APP = "location /app { set $to app:81; proxy_pass http://$to; }"


def test_a_location_that_sets_its_variable_itself_says_nothing_of_another() -> None:
    """As in the folders of linuxserver's SWAG, which all stand in one server."""
    site = "location /{0} {{ set $app {0}; set $port {1}; proxy_pass http://$app:$port; }}\n"
    found = configured(f"server {{ {site.format('shop', 8001)} {site.format('blog', 8002)} }}")
    assert [(p.target, p.port) for p in found.passes] == [("shop", 8001), ("blog", 8002)]


@pytest.mark.parametrize(
    ("lines", "targets"),
    [
        ("set $to old; set $to new; proxy_pass http://$to;", ["new"]),
        ("if ($bad) { return 403; } set $to new; proxy_pass http://$to;", ["new"]),
        ("set $of new; set $to $of; if ($x) { proxy_pass http://$to; }", ["new"]),
        ("set $to new; if ($x) { set $to old; } proxy_pass http://$to;", ["app", "new", "old"]),
        ("rewrite ^/x(.*)$ $1 break; set $to new; proxy_pass http://$to;", ["app", "new"]),
        ("if ($x) { break; } set $to new; proxy_pass http://$to;", ["app", "new"]),
        ("set $to $to/x; proxy_pass http://$to;", ["$to", "app"]),
        ("set $of $to; set $to new; proxy_pass http://$of;", ["app", "new"]),
        ("set $to ''; proxy_pass http://$to;", ["$to"]),
        ("set $to new; location /x/y { proxy_pass http://$to; }", ["app", "new"]),
    ],
)
def test_what_a_location_sets_before_anything_else_is_what_its_pass_sees(
    lines: str, targets: list[str]
) -> None:
    found = configured(f"server {{ {APP} location /x {{ {lines} }} }}")
    assert sorted(p.target for p in found.passes[1:]) == targets


def test_a_user_in_a_table_is_not_the_workers() -> None:
    found = configured(f"map $role $to {{ user 10.0.0.9:8000; }} {SITE}", backend=BACKEND)
    assert found.setting("user") == ()
