"""An HTTP app behind nginx is replaced, and nobody notices."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import recipe
from tests.e2e.harness.rolling import roll

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("gateway", "replicas"),
    [
        ("plain-forky", 1),
        ("plain-trixie", 2),
        ("busybox-forky", 2),
        ("no-shell-forky", 3),
        ("non-root-forky", 2),
        ("non-root-own-forky", 1),
    ],
)
def test_no_request_is_lost_whatever_the_gateway_is_made_of(
    start: Start, gateway: str, replicas: int
) -> None:
    stack = start(recipe.app(gateway=gateway, replicas=replicas))
    roll(stack, "app")
