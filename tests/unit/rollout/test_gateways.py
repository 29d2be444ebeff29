"""The gateways of a run: what is none of them is told as such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Process, Severity
from composeroll.rollout.gateways import ProjectGateways
from tests.unit.nginx import made
from tests.unit.nginx.fake import FakeNginx, VirtualClock
from tests.unit.nginx.made import INCLUDE
from tests.unit.nginx.test_gateway import nginx
from tests.unit.rollout.makers import replica

TEXTS = {replica(1).id: {"/etc/nginx/app.conf": "as it was"}}

Ask = Callable[[ProjectGateways], object]


@pytest.mark.parametrize(
    "ask",
    [
        lambda gateways: gateways.read(replica(1).id, "/etc/nginx/app.conf"),
        lambda gateways: gateways.switch(TEXTS),
        lambda gateways: gateways.restore(TEXTS),
        lambda gateways: gateways.traffic([replica(1).id], "app"),
    ],
)
def test_a_container_whose_nginx_takes_no_requests_is_no_gateway(ask: Ask) -> None:
    with pytest.raises(GatewayError, match="no nginx that takes requests runs in 111111111111"):
        ask(ProjectGateways(cast("Any", None)))


def test_a_gateway_that_could_not_be_read_whole_is_not_replaced_beside_itself() -> None:
    fake, container = nginx(), made.replica("nginx", 1)
    gateways = ProjectGateways(fake)
    for text, severities in ((fake.files[INCLUDE], []), ("upstream {\n", [Severity.REFUSAL])):
        fake.files[INCLUDE] = text
        gateways.configuration(container)
        found = gateways.front_findings(container, None, 60.0)
        told = [f for f in found if "which services stand behind nginx is not known" in f.what]
        assert [f.severity for f in told] == severities


@dataclass
class TwoNginx(FakeNginx):
    """The same nginx in each container, but for those of a service that have ended."""

    ended: frozenset[str] = frozenset()

    def processes(self, container: str) -> tuple[Process, ...]:
        """What runs there."""
        if container in self.ended:
            raise EngineError(f"No such container: {container}")
        return super().processes(container)


def test_nobody_waits_for_an_nginx_that_is_not_the_gateway_whatever_became_of_it() -> None:
    """A frontend with an nginx of its own, or the stopped replica of a service that runs one."""
    gate, frontend = made.replica("nginx", 1), made.replica("frontend", 2)
    fake = TwoNginx(VirtualClock(), dict(nginx().files), busy=True)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0, 102: float("inf")}
    assert gateways.runs_in(gate)
    assert gateways.runs_in(frontend)
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 1
    assert gateways.old_workers(["frontend", "nginx"]) == 2
    fake.ended = frozenset({frontend.id})
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 1
    assert gateways.connections_to(["nginx"], []) == {}
    fake.ended = frozenset({gate.id})
    with pytest.raises(GatewayError):
        gateways.old_workers(["nginx"])


def test_nobody_waits_for_an_nginx_that_quits_and_is_not_the_gateway() -> None:
    fake, frontend = nginx(busy=True), made.replica("frontend", 2)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0}
    assert not gateways.runs_in(frontend)
    assert gateways.old_workers(["frontend"]) == gateways.held(["frontend"], []).workers == 1
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 0


def test_a_gateway_that_quit_and_was_started_again_is_one_like_any_other() -> None:
    """As a watch sees it, which looks again and again."""
    fake, container = nginx(busy=True), made.replica("nginx", 1)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0}
    assert (gateways.runs_in(container), gateways.old_workers(["nginx"])) == (False, 1)
    assert gateways.quits(container)
    fake.workers = {201: float("inf")}
    assert (gateways.runs_in(container), gateways.old_workers(["nginx"])) == (True, 0)
    assert not gateways.quits(container)
