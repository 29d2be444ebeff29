"""What a configuration would lose, found beforehand."""

from __future__ import annotations

import pytest

from composeroll.model import Finding, Mount, Protocol, Severity, Upstream
from composeroll.nginx.configuration.durations import seconds
from composeroll.nginx.configuration.version import read_version
from composeroll.nginx.discovery.discovery import Found, Wanted, discover
from composeroll.nginx.findings.include import include_findings
from composeroll.nginx.findings.reload import reload_findings
from tests.unit.nginx.made import BACKEND, INCLUDE, SITE, configured, configured_with, subject

OLD, NEW = (1, 26, 3), (1, 30, 6)
ROOMY = "upstream backend { zone b 256k; server 10.0.0.5:9000; }"


def found_in(text: str, mounts: tuple[Mount, ...] = (), *, read_only: bool = False) -> list[str]:
    configuration = configured(backend=text)
    found = discover(configuration, subject(), Wanted(upstream="backend"))
    assert found is not None
    return lines(include_findings(configuration, found, mounts, read_only=read_only))


def lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{f.severity}: {f.what}; {f.help}" for f in findings]


@pytest.mark.parametrize(
    ("version", "directive", "advice"),
    [
        (OLD, "", "keepalive_timeout 0;"),
        (NEW, "", "keepalive_min_timeout 5s;"),
        (NEW, "keepalive_timeout 65s;", "keepalive_min_timeout 5s;"),
        (NEW, "keepalive_min_timeout 5s;", ""),
        (OLD, "keepalive_timeout 0;", ""),
        (NEW, "keepalive_timeout 0s 0;", ""),
        (NEW, "keepalive_min_timeout 0;", "keepalive_min_timeout 5s;"),
    ],
)
def test_idle_connections_survive_a_reload_only_with_a_directive(
    version: tuple[int, ...], directive: str, advice: str
) -> None:
    found = lines(reload_findings(configured_with({}, directive, version), 60))
    assert [advice in line for line in found] == [True] * bool(advice)


PASS = "location / { proxy_pass http://app; }"
SOCKET = "location /ws { proxy_pass http://ws; keepalive_timeout 0; }"


@pytest.mark.parametrize(
    ("http", "advice"),
    [
        (f"server {{ {PASS} {SOCKET} }}", "into the http block"),
        (f"server {{ {SOCKET} }}", ""),
        (f"keepalive_timeout 0; server {{ {PASS} }}", ""),
        (
            f"keepalive_timeout 0; server {{ keepalive_timeout 9s;\n{PASS} }}",
            "into the block around /etc/nginx/nginx.conf:5",
        ),
    ],
)
def test_it_counts_only_where_requests_are_passed_on(http: str, advice: str) -> None:
    findings = lines(reload_findings(configured_with({}, http, OLD), 60))
    found = [line for line in findings if "idle connections" in line]
    assert [advice in line for line in found] == [True] * bool(advice)


@pytest.mark.parametrize(("limit", "hurts"), [("10s", True), ("1m", False), ("2m", False)])
def test_a_worker_must_be_allowed_to_outlive_the_drain(limit: str, *, hurts: bool) -> None:
    configuration = configured(f"keepalive_timeout 0; worker_shutdown_timeout {limit};")
    assert bool(reload_findings(configuration, 60)) is hurts


def test_a_good_include_leaves_nothing_to_say() -> None:
    assert found_in(ROOMY, (Mount("/etc/nginx/upstreams", "volume", writable=True),)) == []


@pytest.mark.parametrize(
    ("mount", "severity"),
    [
        (Mount(INCLUDE, "bind", writable=True), Severity.WARNING),
        (Mount(INCLUDE, "bind", writable=False), Severity.REFUSAL),
        (Mount("/etc/nginx", "bind", writable=False), Severity.REFUSAL),
    ],
)
def test_a_mount_over_the_include_matters(mount: Mount, severity: Severity) -> None:
    (line,) = found_in(ROOMY, (mount,))
    assert line.startswith(severity)


def test_the_innermost_mount_decides() -> None:
    outer = Mount("/etc/nginx", "bind", writable=False)
    inner = Mount("/etc/nginx/upstreams", "volume", writable=True)
    assert found_in(ROOMY, (outer, inner), read_only=True) == []


def test_a_read_only_container_cannot_hold_the_include() -> None:
    (line,) = found_in(ROOMY, read_only=True)
    assert "read-only" in line


def test_an_upstream_without_a_zone_is_noted() -> None:
    (line,) = found_in(BACKEND)
    assert "zone backend 256k;" in line


@pytest.mark.parametrize(
    ("server", "noted"),
    [("php-fpm:9000", True), ("php-fpm:9000 resolve", False), ("10.0.0.5:9000", False)],
)
def test_a_name_that_nginx_looks_up_once_is_noted(server: str, *, noted: bool) -> None:
    found = found_in(f"upstream backend {{ zone b 256k; server {server}; }}")
    assert bool(found) is noted
    # without either of them nginx rejects `resolve`
    assert all("with a `zone` and a `resolver`" in line for line in found)


def test_a_file_that_no_include_reads_is_refused() -> None:
    found = Found(Upstream("b", (), ("zone b 1m",)), "/srv/b.conf", 80, Protocol.HTTP, "")
    (line,) = lines(include_findings(configured(""), found, ()))
    assert "include /srv/b.conf;" in line


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("nginx version: nginx/1.26.3\n", (1, 26, 3)),
        ("nginx version: nginx/1.18.0 (Ubuntu)", (1, 18, 0)),
        ("nginx: [warn] x\nnginx version: openresty/1.27.1.2\n", (1, 27, 1, 2)),
        ("", ()),
    ],
)
def test_a_version_is_read(text: str, version: tuple[int, ...]) -> None:
    assert read_version(text) == version


@pytest.mark.parametrize(
    ("text", "value"),
    [("75", 75), ("500ms", 0.5), ("1h30m", 5400), ("1m 30s", 90), ("off", None), ("", None)],
)
def test_nginx_writes_times_so(text: str, value: float | None) -> None:
    assert seconds(text) == value


def test_a_vanished_host_is_noticed_soon_only_with_a_short_timeout() -> None:
    (note,) = notes_on("fastcgi_connect_timeout")
    assert "write `fastcgi_connect_timeout 2s;` into the http block" in note
    assert notes_on("fastcgi_connect_timeout", "fastcgi_connect_timeout 2s;") == []


def notes_on(name: str, directives: str = "") -> list[str]:
    found = lines(reload_findings(configured(f"keepalive_timeout 0; {directives} {SITE}"), 60))
    return [line for line in found if name in line]
