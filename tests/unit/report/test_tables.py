"""`status`, `check` and `history`: aligned in a pipe, cut on a terminal, whole as JSON."""

from __future__ import annotations

import json

import pytest
from inline_snapshot import snapshot
from msgspec.structs import replace

from composeroll.model import Finding, Severity
from composeroll.report.printer import Printer
from composeroll.report.status import Past, ReplicaStatus, ServiceStatus, Status
from tests.unit.report.screen import Terminal
from tests.unit.report.sinks import Sink

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm"}
STATUS = Status(
    project="staging",
    services=(
        ServiceStatus(
            "php-fpm",
            "upstream backend in nginx, fastcgi",
            (
                ReplicaStatus(
                    "staging-php-fpm-1",
                    "1" * 64,
                    "sha256:8c1d0f1e22aa9",
                    "172.19.0.4:9000",
                    "running (healthy)",
                    ready=True,
                    upstream=True,
                ),
                ReplicaStatus(
                    "staging-php-fpm-2",
                    "2" * 64,
                    "8c1d0f1e22aa",
                    "",
                    "exited (1)",
                    None,
                    upstream=False,
                ),
            ),
            ("staging-php-fpm-2 does not run: composeroll sync php-fpm",),
        ),
        ServiceStatus("redis", "", ()),
    ),
    locks=("php-fpm is locked by deploy@ci",),
)
FINDINGS = (
    Finding(Severity.WARNING, "nginx has no keepalive_min_timeout", "keepalive_min_timeout 5s;"),
    Finding(Severity.REFUSAL, "web has a container_name", "remove line 12: container_name: web"),
)


def printed(environ: dict[str, str], *, as_json: bool = False) -> str:
    """Status and findings in a pipe."""
    sink = Sink()
    printer = Printer(sink, environ, as_json=as_json)
    printer.status(STATUS)
    printer.findings(FINDINGS)
    return sink.text


def test_in_a_pipe_the_columns_are_aligned_text() -> None:
    assert printed(UTF8) == snapshot("""\
staging
  ! php-fpm is locked by deploy@ci

php-fpm  2 replicas, upstream backend in nginx, fastcgi
  replica            image         address          state              ready  upstream
  staging-php-fpm-1  8c1d0f1e22aa  172.19.0.4:9000  running (healthy)  yes    in
  staging-php-fpm-2  8c1d0f1e22aa  -                exited (1)         -      out
  ! staging-php-fpm-2 does not run: composeroll sync php-fpm

redis  0 replicas
refusal  web has a container_name
         remove line 12: container_name: web
warning  nginx has no keepalive_min_timeout
         keepalive_min_timeout 5s;
""")


def test_what_is_in_no_upstream_by_nature_is_not_out_of_it() -> None:
    sink = Sink()
    worker = ReplicaStatus("shop-worker-1", "1" * 64, "8c1d0f1e22aa", "", "running", None, None)
    Printer(sink, UTF8).status(Status("shop", (ServiceStatus("worker", "", (worker,)),)))
    assert sink.text.splitlines()[-1].split() == [
        *("shop-worker-1", "8c1d0f1e22aa", "-", "running", "-", "-")
    ]


def test_refusals_come_before_warnings() -> None:
    text = printed(UTF8)
    assert text.index("refusal") < text.index("warning")


def test_nothing_found_is_said() -> None:
    sink = Sink()
    Printer(sink, UTF8).findings(())
    assert sink.text == "nothing found that could go wrong\n"


def test_json_holds_every_field() -> None:
    sink = Sink()
    Printer(sink, {}, as_json=True).status(STATUS)
    found = json.loads(sink.text)
    assert found["services"][0]["replicas"][1] == {
        "name": "staging-php-fpm-2",
        "id": "2" * 64,
        "image": "8c1d0f1e22aa",
        "address": "",
        "state": "exited (1)",
        "ready": None,
        "upstream": False,
    }


@pytest.mark.parametrize("columns", [56, 80, 140])
def test_on_a_terminal_no_row_is_wider_than_it(columns: int) -> None:
    terminal = Terminal(columns, 24)
    Printer(terminal.stream, UTF8 | {"NO_COLOR": "1"}).status(STATUS)
    lines = terminal.close().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
    rows = [line for line in lines.splitlines() if "fpm-" in line and "!" not in line]
    assert rows
    assert max(len(row) for row in rows) < columns


def test_history_is_a_line_a_rollout() -> None:
    sink = Sink()
    past = Past("2026-03-01 12:00:00", "php-fpm", "updated", "sha256:8c1d0f1e22aa9", 72.0, "ci")
    Printer(sink, UTF8).history([past])
    assert sink.text == snapshot("""\
when                 services  outcome  image          took  by
2026-03-01 12:00:00  php-fpm   updated  8c1d0f1e22aa  1m12s  ci
""")


def test_a_state_that_is_cut_keeps_whole_words() -> None:
    terminal = Terminal(80, 24)
    Printer(terminal.stream, UTF8).status(STATUS)
    assert "running (" not in terminal.close()


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_its_word_on_a_line(severity: Severity) -> None:
    sink = Sink()
    Printer(sink, UTF8, as_json=False).findings((Finding(severity, "what", "mend"),))
    assert f"{severity.value:<9}what\n" in sink.text


OF_APP = Finding(Severity.WARNING, "3 run", "services.app: scale: 3 (./compose.yml:9)", "app")
OF_ALL = Finding(Severity.REFUSAL, "nginx is not root", "run it as root")


def test_findings_are_told_by_service_and_what_is_about_several_comes_last() -> None:
    sink = Sink()
    Printer(sink, UTF8).findings((OF_ALL, OF_APP, replace(OF_APP, what="2 run", service="api")))
    assert sink.text == snapshot("""\
api
warning  2 run
         services.app: scale: 3 (./compose.yml:9)

app
warning  3 run
         services.app: scale: 3 (./compose.yml:9)

gateway, or several services
refusal  nginx is not root
         run it as root
""")


def test_a_program_is_told_the_service_and_the_line_where_they_are_known() -> None:
    sink = Sink()
    Printer(sink, {}, as_json=True).findings((OF_APP, OF_ALL))
    of_app, of_all = json.loads(sink.text)
    assert of_app == {
        "severity": "warning",
        "what": "3 run",
        "help": "services.app: scale: 3 (./compose.yml:9)",
        "service": "app",
        "file": "./compose.yml",
        "line": 9,
    }
    assert [of_all[key] for key in ("service", "file", "line")] == [None, None, None]
