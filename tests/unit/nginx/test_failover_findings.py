"""What keeps nginx from asking another replica."""

from __future__ import annotations

import pytest

from composeroll.model import Severity
from composeroll.nginx.discovery.discovery import Wanted, discover
from composeroll.nginx.findings.failover import failover_findings
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, SITE, configured, subject


def found_in(backend: str = BACKEND, http: str = "") -> list[tuple[Severity, str, str]]:
    configuration = configured(f"{SITE}\n{http}", backend=backend)
    found = discover(configuration, subject(), Wanted(upstream="backend"))
    assert found is not None
    return [(f.severity, f.what, f.help) for f in failover_findings(configuration, found)]


@pytest.mark.parametrize("fine", ["", "fastcgi_next_upstream error timeout;"])
def test_an_nginx_that_asks_another_replica_leaves_nothing_to_say(fine: str) -> None:
    assert found_in(http=fine) == []


@pytest.mark.parametrize("protocol", ["proxy", "fastcgi", "uwsgi", "grpc"])
def test_an_error_that_goes_straight_to_the_client_names_the_line(protocol: str) -> None:
    ((severity, what, mend),) = found_in(http=f"{protocol}_next_upstream off;")
    assert severity is Severity.WARNING
    assert what.startswith(f"`{protocol}_next_upstream off` ")
    assert f"remove the line {MAIN}:5" in mend


def test_a_server_that_is_never_taken_for_failed_names_its_upstream() -> None:
    ((severity, what, mend),) = found_in(BACKEND.replace(":9000", ":9000 max_fails=0"))
    assert severity is Severity.WARNING
    assert what.startswith("`max_fails=0` in upstream backend")
    assert f"({INCLUDE}:1)" in mend


def test_a_server_that_is_given_up_after_failures_is_fine() -> None:
    assert found_in(BACKEND.replace(":9000", ":9000 max_fails=3")) == []
