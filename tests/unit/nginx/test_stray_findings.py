"""Ways around the upstream that a rollout rewrites are told beforehand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Server, Severity, Upstream
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.nginx.discovery.discovery import Wanted, discover
from composeroll.nginx.findings.stray import (
    moved_findings,
    stray_findings,
    unseen_findings,
)
from composeroll.nginx.include import render_include
from tests.unit.nginx.made import BACKEND, MAIN, SITE, configured, join_dump, subject

BESIDE = "/etc/nginx/upstreams/ws.conf:1"
NAMED = "upstream ws { server php-fpm:9000; }"
RESOLVED = "upstream ws { zone w 256k; server php-fpm:9000 resolve; }"


def strays(locations: str, **files: str) -> list[tuple[Severity, str, str]]:
    site = f"server {{ listen 80; location / {{ fastcgi_pass backend; }} {locations} }}"
    configuration = configured(site, backend=BACKEND, **files)
    found = discover(configuration, subject(), Wanted(upstream="backend"))
    assert found is not None
    findings = stray_findings(configuration, subject(), found)
    return [(f.severity, f.what, f.help) for f in findings]


def test_one_upstream_and_passes_to_it_are_all_a_rollout_needs() -> None:
    variable = "location /v { set $to backend; fastcgi_pass $to; }"
    assert strays(f"{variable} location /other {{ proxy_pass http://websocket; }}") == []


def test_a_second_upstream_with_the_same_replicas_would_go_stale() -> None:
    ((severity, what, _),) = strays("", ws=BACKEND.replace("backend", "ws"))
    assert severity is Severity.REFUSAL
    assert what.startswith(f"upstream ws ({BESIDE})")


@pytest.mark.parametrize(
    ("owner", "server", "severity", "mend"),
    [
        ("websocket", "10.0.0.5", Severity.WARNING, "`composeroll sync websocket`"),
        ("renamed", "10.0.0.5", Severity.REFUSAL, "pass to backend there instead"),
        ("websocket", "php-fpm", Severity.REFUSAL, "pass to backend there instead"),
    ],
)
def test_what_another_services_file_names_has_moved_and_is_put_right_by_sync(
    owner: str, server: str, severity: Severity, mend: str
) -> None:
    """After a reboot containers have each other's addresses: no update waits for that."""
    theirs = render_include(Upstream("ws", (Server(f"{server}:9000"),)), "staging", owner)
    site = f"{SITE} server {{ location / {{ proxy_pass http://ws; }} }}"
    configuration = configured(site, backend=BACKEND, ws=theirs)
    among = replace(subject(), siblings=frozenset({"websocket"}))
    found = discover(configuration, among, Wanted(upstream="backend"))
    assert found is not None
    everything = (
        *stray_findings(configuration, among, found),
        *moved_findings(configuration, among, found),
    )
    assert [(one.severity, one.help) for one in everything] == [(severity, mend)]


def test_a_second_upstream_by_name_would_keep_what_the_name_meant_at_the_reload() -> None:
    ((severity, what, mend),) = strays("location /ws { fastcgi_pass ws; }", ws=NAMED)
    assert severity is Severity.REFUSAL
    assert what.startswith(f"upstream ws ({BESIDE})")
    assert mend == "pass to backend there instead"


def test_a_name_that_is_looked_up_again_and_again_is_only_unproven() -> None:
    ((severity, what, _),) = strays("location /ws { fastcgi_pass ws; }", ws=RESOLVED)
    assert severity is Severity.WARNING
    assert what.startswith(f"upstream ws ({BESIDE}) finds php-fpm by its name")


def test_an_upstream_of_another_port_needs_a_resolver_or_a_service_of_its_own() -> None:
    """What is rewritten has the one port, so no pass to it could take that way's place."""
    other, ws = "location /ws { fastcgi_pass ws; }", NAMED.replace("9000", "9001")
    apart = "put port 9001 behind a separate service"
    ((severity, _, mend),) = strays(other, ws=ws)
    assert severity is Severity.REFUSAL
    assert mend == (
        "write `server php-fpm:9001 resolve;` into it, with a `zone` and a `resolver` (nginx 1.27.3"
        f" and newer), or {apart}"
    )
    ((severity, _, mend),) = strays(other, ws=RESOLVED.replace("9000", "9001"))
    assert (severity, mend) == (Severity.WARNING, apart)


@pytest.mark.parametrize("port", [22, 9000])
def test_an_upstream_of_the_same_name_in_the_other_half_is_another_one(port: int) -> None:
    stream = (
        f"stream {{ upstream backend {{ server php-fpm:{port}; }}"
        " server { listen 2222; proxy_pass backend; } }"
    )
    files = {MAIN: f"http {{ include app.conf; {SITE} }} {stream}", "/etc/nginx/app.conf": BACKEND}
    configuration = read_configuration(join_dump(files))
    found = discover(configuration, subject(), Wanted(include="/etc/nginx/app.conf"))
    assert found is not None
    (stray,) = stray_findings(configuration, subject(), found)
    assert stray.severity is Severity.REFUSAL
    assert stray.help.startswith(f"write `server php-fpm:{port} resolve;` into it")


@pytest.mark.parametrize("text", [NAMED, "upstream ws { server php-fpm:9000 down; }"])
def test_a_second_upstream_that_nothing_uses_does_no_harm(text: str) -> None:
    assert strays("", ws=text) == []


@pytest.mark.parametrize(
    ("location", "severity"),
    [
        ("fastcgi_pass php-fpm:9000;", Severity.REFUSAL),
        ("fastcgi_pass 10.0.0.5:9000;", Severity.REFUSAL),
        ("set $to php-fpm; fastcgi_pass $to:9000;", Severity.WARNING),
        ("proxy_pass http://php-fpm;", Severity.WARNING),
        ("proxy_pass http://php-fpm:9100;", Severity.WARNING),
    ],
)
def test_a_pass_around_the_upstream_is_told_with_its_line(
    location: str, severity: Severity
) -> None:
    ((found, what, _),) = strays(f"location /x {{ {location} }}")
    assert found is severity
    assert "_pass (/etc/nginx/nginx.conf:4)" in what


def test_another_port_by_a_variable_is_looked_up_and_left_alone() -> None:
    assert strays("location /x { set $to php-fpm; proxy_pass http://$to:9100; }") == []


@pytest.mark.parametrize(
    ("location", "reported"),
    [
        ("fastcgi_pass $svc:9000;", True),
        ("fastcgi_pass $svc;", True),
        ("fastcgi_pass $svc:9100;", False),
        ("set $to websocket; fastcgi_pass $to:9000;", False),
        ("set $to websocket; set $port 9000; fastcgi_pass $to:$port;", False),
    ],
)
def test_a_pass_that_only_a_request_tells_may_lead_to_any_service_with_its_port(
    location: str, *, reported: bool
) -> None:
    site = f"server {{ listen 80; location ~ ^/(?<svc>\\w+) {{ {location} }} }}"
    found = tuple(unseen_findings(configured(site), subject()))
    assert [f.severity for f in found] == [Severity.WARNING] * reported
    if reported:
        assert "says at each request: if that is php-fpm" in found[0].what
        assert found[0].help.endswith("services.php-fpm.x-composeroll.gateway: none")


@pytest.mark.parametrize(
    ("port", "severity", "mend"),
    [
        (9000, Severity.REFUSAL, "since auth_http takes no upstream, write `server { listen"),
        (9001, Severity.WARNING, "put port 9001 behind a separate service"),
    ],
)
def test_what_asks_a_service_where_nginx_takes_no_upstream_would_go_on_asking_the_old_replicas(
    port: int, severity: Severity, mend: str
) -> None:
    main = (
        "events {}\n"
        f"mail {{ auth_http http://php-fpm:{port}/auth; }}\n"
        f"http {{ include backend.conf; {SITE} }}\n"
    )
    files = {MAIN: main, "/etc/nginx/backend.conf": BACKEND}
    configuration = read_configuration(join_dump(files), (1, 30, 6))
    found = discover(configuration, subject(), Wanted())
    assert found is not None
    (one,) = stray_findings(configuration, subject(), found)
    assert one.severity is severity
    assert one.what.startswith(f"auth_http ({MAIN}:2) goes straight to php-fpm")
    assert one.help.startswith(mend)


@pytest.mark.parametrize(
    ("balancer", "reported"),
    [
        ("balancer_by_lua_file /b.lua;", True),
        ("state /var/lib/b.state;", True),
        ("zone b 1m;", False),
    ],
)
def test_an_upstream_that_chooses_by_something_else_than_its_servers_may_lead_anywhere(
    balancer: str, *, reported: bool
) -> None:
    site = "server { location / { proxy_pass http://backend; } }"
    for passed in (site, ""):
        nobody = configured(passed, backend=f"upstream backend {{ server 0.0.0.1; {balancer} }}")
        unseen = list(unseen_findings(nobody, subject()))
        assert [one.severity for one in unseen] == [Severity.WARNING] * (reported and bool(passed))
    mine = configured(site, backend=f"upstream backend {{ server php-fpm:9000; {balancer} }}")
    found = discover(mine, subject(), Wanted())
    assert found is not None
    strays_ = stray_findings(mine, subject(), found)
    assert [one.help for one in strays_] == [
        "remove it, or make sure that it uses the `server` lines"
    ] * reported
