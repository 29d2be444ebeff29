"""The gateways of a run: what is none of them is told as such."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from composeroll.errors import GatewayError
from composeroll.model import Severity
from composeroll.rollout.gateways import ProjectGateways
from tests.unit.nginx import made
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


def test_a_gateway_that_quit_and_was_started_again_is_one_like_any_other() -> None:
    """As a watch sees it, which looks again and again."""
    fake, container = nginx(busy=True), made.replica("nginx", 1)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0}
    assert (gateways.runs_in(container), gateways.old_workers()) == (False, 1)
    fake.workers = {201: float("inf")}
    assert (gateways.runs_in(container), gateways.old_workers()) == (True, 0)
