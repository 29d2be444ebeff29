"""What of its old workers a gateway can tell, and when it says that it cannot."""

from __future__ import annotations

import pytest

from composeroll.model import Held
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.gateways import Gateways
from tests.unit.nginx.fake import QUIT_AFTER, FakeNginx, VirtualClock
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, replica
from tests.unit.nginx.test_held import CLIENT, TO_OURS, printed

OURS = {"10.0.0.5"}
MAIN_TEXT = "user www-data;\nhttp { include upstreams/*.conf; }"


def reloaded(sockets: str, user: str = "www-data", main: str = MAIN_TEXT) -> Gateway:
    """A gateway whose one old worker shuts down, and never ends."""
    clock = VirtualClock()
    fake = FakeNginx(clock, {MAIN: main, INCLUDE: BACKEND}, busy=True, sockets={user: sockets})
    gateway = Gateway(fake, replica("nginx"), clock)
    gateway.reload()
    clock.wait(QUIT_AFTER)
    return gateway


def test_the_workers_own_user_looks_at_them() -> None:
    held = reloaded(printed((CLIENT, TO_OURS))).held(OURS)
    assert (held.workers, len(held.leaving), held.waiting, held.unknown) == (1, 1, 0, "")


@pytest.mark.parametrize(
    "gateway",
    [
        reloaded(""),
        reloaded(printed()),
        reloaded(printed((), ())),
        reloaded(printed((CLIENT, TO_OURS)), user="nobody"),
        reloaded(printed((CLIENT, TO_OURS)), main=MAIN_TEXT + "\nhttp { http2 on; }"),
    ],
)
def test_what_cannot_be_seen_is_never_taken_for_nothing(gateway: Gateway) -> None:
    held = gateway.held(OURS)
    assert held.workers == 1
    assert held.unknown


def test_no_old_worker_holds_nothing() -> None:
    clock = VirtualClock()
    fake = FakeNginx(clock, {MAIN: MAIN_TEXT, INCLUDE: BACKEND})
    assert Gateway(fake, replica("nginx"), clock).held(OURS) == Held()


def test_several_gateways_hold_what_each_of_them_holds() -> None:
    one, other = reloaded(printed((CLIENT, TO_OURS))), reloaded(printed((CLIENT,)))
    other.container = replica("nginx", 2)
    held = Gateways([one, other]).held(OURS)
    assert (held.workers, len(held.leaving), held.waiting) == (2, 1, 1)
