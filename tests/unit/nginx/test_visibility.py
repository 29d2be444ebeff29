"""Which log tells how an upstream's replicas answer, and why one does not."""

from __future__ import annotations

import pytest

from composeroll.model import Severity
from composeroll.nginx.access_log.visibility import visibility, visibility_findings
from composeroll.nginx.configuration.access_logs import BUILT_IN
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from tests.unit.nginx.made import BACKEND, MAIN, SITE, configured, join_dump, recorded

UP = "log_format up '$status $upstream_addr';"
BARE = "log_format bare '$msec $host';"


def site(inside: str = "", location: str = "", http: str = "") -> Configuration:
    """One server with one pass to `backend`; directives at three levels."""
    passing = f"location / {{ {location} fastcgi_pass backend; }}"
    return configured(f"{http}\nserver {{ {inside}\n{passing} }}", backend=BACKEND)


def seen(configuration: Configuration) -> list[str]:
    """The targets of the logs that tell, with their formats."""
    found = visibility(configuration, "backend").logs
    return [f"{log.target} {log.form.name if log.form else None}" for log in found]


def test_the_gateway_images_log_tells_who_answered() -> None:
    found = visibility(recorded("gateway-1.30.txt"), "app")
    assert [(log.target, log.late) for log in found.logs] == [("/dev/stdout", False)]
    assert found.hidden == ()
    assert visibility_findings(recorded("gateway-1.30.txt"), "app") == ()


@pytest.mark.parametrize(
    ("http", "inside", "location", "logs"),
    [
        (f"{UP} access_log /a up;", "", "", ["/a up"]),
        (f"{UP} access_log /a up;", "access_log /b up;", "", ["/b up"]),
        (f"{UP} access_log /a up;", "access_log /b up;", "access_log /c up;", ["/c up"]),
        (f"{UP} access_log /a; access_log /b up;", "", "", ["/a combined"]),
        (f"{UP} {BARE} access_log /a bare; access_log /b up;", "", "", ["/b up"]),
        (f"{UP} access_log syslog:server=x up; access_log /b up;", "", "", ["/b up"]),
        (f"{UP} access_log /a up; access_log off;", "", "", []),
        (f"{UP} access_log off;", "", "access_log /c up;", ["/c up"]),
        (f"{UP} access_log /a up;", "", "access_log off;", []),
        ("access_log /a;", "", "", ["/a combined"]),
        ("access_log /a buffer=32k;", "", "", ["/a combined"]),
        ("", "", "", [f"{BUILT_IN} combined"]),
    ],
)
def test_the_innermost_block_with_a_log_decides(
    http: str, inside: str, location: str, logs: list[str]
) -> None:
    assert seen(site(inside, location, http)) == logs


@pytest.mark.parametrize(
    ("http", "why"),
    [
        ("access_log off;", "keeps no log of requests to backend"),
        (f"{UP} access_log syslog:server=10.0.0.9 up;", "is not a file with a fixed name"),
        (f"{UP} access_log /logs/$host.log up;", "is not a file with a fixed name"),
        (f"{UP} access_log /a.gz up gzip flush=1s;", "is compressed"),
        (f"{UP} access_log /a up if=$loggable;", "leaves requests out"),
        (f"{BARE} access_log /a bare;", "holds no $status"),
        ("access_log /a unknown;", "holds no $status"),
    ],
)
def test_a_log_that_cannot_be_judged_says_why_and_what_would_help(http: str, why: str) -> None:
    assert seen(site(http=http)) == []
    (finding,) = visibility_findings(site(http=http), "backend")
    assert why in finding.what
    assert finding.severity is Severity.WARNING
    assert "$upstream_addr $upstream_status';" in finding.help


def test_a_log_without_addresses_is_enough_only_where_nobody_else_writes_to_it() -> None:
    other = "server { listen 81; location / { fastcgi_pass 10.0.0.9:9000; } }"
    assert seen(site(http="access_log /a;")) == ["/a combined"]
    shared = site(http=f"access_log /a; {other}")
    assert seen(shared) == []
    (why,) = visibility(shared, "backend").hidden
    assert "no $upstream_addr" in why
    assert seen(site("access_log /own;", http=f"access_log /a; {other}")) == ["/own combined"]


def test_a_pass_with_a_port_is_somebody_else_who_writes_there() -> None:
    other = "server { location / { set $to backend; fastcgi_pass $to:9100; } }"
    assert seen(site(http=f"access_log /a; {other}")) == []


def test_a_stream_that_says_nothing_of_a_log_writes_none() -> None:
    stream = "stream { server { listen 3306; proxy_pass 10.0.0.9:3306; } }"
    http = f"http {{ access_log {BUILT_IN}; {BACKEND} {SITE} }}"
    found = read_configuration(join_dump({MAIN: f"events {{}}\n{stream}\n{http}"}))
    assert seen(found) == [f"{BUILT_IN} combined"]


def test_one_location_that_logs_nothing_is_only_noted() -> None:
    quiet = "location /healthz { access_log off; fastcgi_pass backend; }"
    found = site(inside=quiet, http=f"{UP} access_log /a up;")
    assert seen(found) == ["/a up"]
    assert [finding.severity for finding in visibility_findings(found, "backend")] == [
        Severity.NOTE
    ]


def test_a_buffer_that_waits_to_be_full_is_warned_of() -> None:
    late = site(http=f"{UP} access_log /a up buffer=64k;")
    (finding,) = visibility_findings(late, "backend")
    assert finding.help == "add flush=1s to it"
    assert (
        visibility_findings(site(http=f"{UP} access_log /a up buffer=64k flush=1s;"), "backend")
        == ()
    )


def test_what_nginx_passes_on_as_bytes_has_no_5xx() -> None:
    (why,) = visibility(configured("", backend=BACKEND), "backend").hidden
    assert why == "nginx passes no HTTP requests to upstream backend"
