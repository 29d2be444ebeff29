"""Where nginx passes straight to a service: the upstream that is advised, and the lines."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.errors import Refused
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.nginx.discovery.discovery import Wanted, discover
from tests.unit.nginx.made import (
    BACKEND,
    MAIN,
    SITE,
    configured,
    join_dump,
    replica,
    subject,
)

NOTHING = Wanted()


def recipe(http: str, **files: str) -> str:
    """What is advised where nginx passes straight to php-fpm: the upstream, and the lines."""
    with pytest.raises(Refused) as refused:
        discover(configured(http, **files), subject(), NOTHING)
    return refused.value.help or ""


def test_all_lines_that_pass_to_a_port_are_to_change_since_nginx_takes_no_half_of_them() -> None:
    """`upstream "php-fpm" may not have port 9000`, where a line still says so."""
    lines = "location /a { proxy_pass http://php-fpm:9000; }\n" * 2
    advice = recipe(f"server {{\n{lines}}}")
    assert "let the lines /etc/nginx/nginx.conf:5 and /etc/nginx/nginx.conf:6 pass" in advice
    twice = "include upstreams/b.conf;" * 2
    assert "line /etc/nginx/upstreams/b.conf:1 pass" in recipe(
        f"server {{ {twice} }}", b="location /b { proxy_pass http://php-fpm:9000; }"
    )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("server { location /ws { proxy_pass http://php-fpm:6001; } }", "php-fpm-9000"),
        ("server { location /ws { proxy_pass http://PHP-FPM; } }", "php-fpm-9000"),
        ("upstream php-fpm { server redis:1; }", "php-fpm-9000"),
        (
            "upstream php-fpm { server redis:1; } upstream php-fpm-9000 { server b:1; }",
            "php-fpm-9000-upstream",
        ),
        ("server { location /ws { proxy_pass http://redis:6001; } }", "php-fpm"),
    ],
)
def test_the_advised_upstream_has_a_name_that_nginx_takes_for_nothing_else(
    line: str, name: str
) -> None:
    advice = recipe(f"server {{ location / {{ proxy_pass http://php-fpm:9000; }} }} {line}")
    assert f"write `upstream {name} {{ server php-fpm:9000; }}`" in advice.lower()


def test_of_several_ports_the_advice_is_for_the_one_that_most_lines_of_http_pass_to() -> None:
    """As of a Gitea with its ssh by `stream`, or of an application with a port for websockets."""
    ssh = (
        "stream { server { listen 22; proxy_pass php-fpm:22; } server { proxy_pass php-fpm:22; } }"
    )
    lines = [f"location /{port} {{ proxy_pass http://php-fpm:{port}; }}" for port in (6001, 80)]
    site = f"events {{}} {ssh} http {{ server {{ {' '.join(lines)} %s }} }}"
    for more, port in (("", 6001), ("location / { proxy_pass http://php-fpm; }", 80)):
        dump = join_dump({MAIN: site % more})
        with pytest.raises(Refused) as refused:
            discover(read_configuration(dump), subject(), NOTHING)
        assert f"server php-fpm:{port}; }}`" in (refused.value.help or "")
        assert "in the http block" in (refused.value.help or "")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("the-php", "php-fpm"),
        ("10.0.0.5", "php-fpm"),
        ("staging_php-fpm_1", "php-fpm"),
        ("backend", "backend"),
    ],
)
def test_the_advised_server_has_a_name_that_outlives_the_container_of_now(
    target: str, name: str
) -> None:
    """A `container_name`, which no service that runs twice can keep, is gone with it."""
    (place,) = replica().networks
    place = replace(place, aliases=("php-fpm", "the-php", "backend"))
    own = replace(replica(), name="the-php", networks=(place,))
    site = f"server {{ location / {{ fastcgi_pass {target}:9000; }} }}"
    with pytest.raises(Refused) as refused:
        discover(configured(site), subject(own=own), NOTHING)
    assert f"server {name}:9000; }}`" in (refused.value.help or "")


def test_a_line_that_leads_to_others_too_is_to_change_only_for_this_service() -> None:
    chosen = "map $uri $to { default http://shop:80; /x http://php-fpm:9000; }"
    advice = recipe(f"{chosen} server {{ location / {{ proxy_pass $to; }} }}")
    assert "nginx.conf:4 (where its variables say php-fpm:9000) pass to php-fpm without" in advice


@pytest.mark.parametrize(
    ("line", "port"),
    [("redis2_pass php-fpm:9000;", 9000), ("dubbo_pass a.B 0.0.0 do php-fpm;", 80)],
)
def test_a_pass_of_a_module_that_is_not_nginx_s_own_leads_to_a_service_too(
    line: str, port: int
) -> None:
    assert f"server php-fpm:{port};" in recipe(f"server {{ location / {{ {line} }} }}")


@pytest.mark.parametrize(
    ("block", "port", "half"),
    [
        ("mail { auth_http http://php-fpm:9000/auth; }", 9000, "http"),
        ("rtmp { server { application live { on_publish http://php-fpm/a; } } }", 80, "http"),
        ("rtmp { server { application live { push rtmp://php-fpm/live; } } }", 1935, "stream"),
    ],
)
def test_where_nginx_takes_no_upstream_it_is_to_ask_a_server_of_its_own(
    block: str, port: int, half: str
) -> None:
    """It looks the name up when it reloads, and never again."""
    configuration = read_configuration(join_dump({MAIN: f"events {{}}\n{block}\n"}), (1, 30, 6))
    with pytest.raises(Refused, match="passes straight to php-fpm") as refused:
        discover(configuration, subject(), NOTHING)
    advice = refused.value.help or ""
    assert f"upstream php-fpm {{ server php-fpm:{port}; }}" in advice
    assert f"include it in the {half} block" in advice
    assert "`server { listen 127.0.0.1:PORT; " in advice
    assert f"{MAIN}:2 name that" in advice


@pytest.mark.parametrize(
    "comment", ["# nginx-proxy version : 1.7.0", "  # the one running docker-gen\n", "# by hand"]
)
def test_nothing_is_to_be_moved_out_of_a_file_that_docker_gen_writes_again(comment: str) -> None:
    advice = recipe("", default=f"{comment}\n{BACKEND} {SITE}")
    assert ("remove VIRTUAL_HOST from services.php-fpm" in advice) is (comment != "# by hand")
    assert ("move the block to" in advice) is (comment == "# by hand")


@pytest.mark.parametrize("target", ["php-fpm:$server_port", "php-fpm:${port}/x"])
def test_a_name_whose_port_only_a_request_tells_leads_to_the_service(target: str) -> None:
    site = f"server {{ location / {{ proxy_pass http://{target}; }} }}"
    advice = recipe(site)
    assert "server php-fpm:PORT; }" in advice
    assert "(where its variables say php-fpm:PORT)" in advice
    assert configured(site).pairing.blind
