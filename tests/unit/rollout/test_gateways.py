"""The gateways of a run: what is none of them is told as such."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from composeroll.errors import GatewayError
from composeroll.rollout.gateways import ProjectGateways
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
