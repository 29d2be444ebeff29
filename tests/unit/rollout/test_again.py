"""A further look in one run: an nginx that is just being restarted is no reason to give up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import GatewayUnread, Refused
from composeroll.rollout.applying.again import SERVING, look_again
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.steps.drain import RESTART
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import replica, state, wiring

SEEN = Observed("shop", (state([replica(1)], wiring(1)),))
UNWIRED = Observed("shop", (state([replica(1)]),))
REFUSED = Observed("shop", (state([replica(1)], refusal=GatewayUnread("nginx quits")),))


def looks(monkeypatch: pytest.MonkeyPatch, *found: Observed | None) -> tuple[Observed, float]:
    """What is seen, look by look, the last for ever; None is an nginx that cannot be read."""
    waiting, clock = list(found), VirtualClock()

    def observe(*_: object, preflight: bool) -> Observed:
        assert not preflight
        now = waiting.pop(0) if waiting[1:] else waiting[0]
        if now is None:
            raise GatewayUnread("the engine knows no such process in shop-nginx-1")
        return now

    monkeypatch.setattr("composeroll.rollout.applying.again.observe", observe)
    world = SimpleNamespace(clock=clock)
    stack = SimpleNamespace(world=world, project=None, engine=None, survey=None)
    try:
        return look_again(cast("Any", stack), SEEN), clock.now()
    finally:
        assert clock.now() <= RESTART


@pytest.mark.parametrize("away", [None, UNWIRED, REFUSED])
def test_the_only_nginx_is_waited_for_wherever_a_restart_meets_the_look(
    away: Observed | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looks(monkeypatch, away, away, SEEN) == (SEEN, 1.0)


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (None, "no such process in shop-nginx-1"),
        (UNWIRED, "nginx is no longer seen in front of app"),
        (REFUSED, "in front of app: nginx quits"),
    ],
)
def test_one_that_stays_away_ends_it_without_a_word_that_nothing_was_touched(
    away: Observed | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        looks(monkeypatch, away)
    assert refused.value.serving == SERVING
