"""The end of what was left to drain on, and of its hold on the names."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import GatewayUnread
from composeroll.model import Health, Held, Replica
from composeroll.rollout.detached.retirement import retire_held
from composeroll.rollout.detached_replica import DetachedReplica, detached_name
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, replica, service, state, wiring

DRAINED = replace(replica(1), name=detached_name("shop-app-1", 0, 60))
SERVES = replica(2, NEW)


def detached(drains: Replica) -> DetachedReplica:
    return DetachedReplica(drains, "shop-app-1", 0.0, 60.0)


def test_nothing_goes_while_nobody_can_tell_whom_nginx_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long ago its time was over."""
    world = SimpleNamespace(
        engine=SimpleNamespace(detached=lambda _: [detached(DRAINED)], now=lambda: 1e9),
        gateways=SimpleNamespace(old_workers=lambda _: 0),
    )
    unread = state([SERVES], refusal=GatewayUnread("nginx rejects its files"))
    found = SimpleNamespace(services=(unread,))
    monkeypatch.setattr("composeroll.rollout.detached.retirement.look_quietly", lambda *_: found)
    assert not retire_held(cast("Any", SimpleNamespace(world=world)), [service()])


def test_a_healthcheck_that_ends_between_two_looks_does_not_keep_the_names_from_being_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one that goes is the last, whatever else the engine says of it by now."""
    looks = iter([Health.STARTING, Health.STARTING, Health.HEALTHY, Health.HEALTHY])
    renamed: list[tuple[str, str]] = []
    engine = SimpleNamespace(
        detached=lambda _: [detached(replace(DRAINED, health=next(looks)))],
        now=lambda: 61.0,
        replicas=lambda _: (SERVES,),
        names=lambda: frozenset({SERVES.name}),
        forbid_restart=lambda _: None,
        stop=lambda *_: None,
        remove=lambda *_, **__: None,
        rename=lambda *what: renamed.append(what),
    )
    world = SimpleNamespace(
        engine=engine,
        gateways=SimpleNamespace(old_workers=lambda _: 0),
        clock=VirtualClock(),
        emit=lambda _: None,
        lock=SimpleNamespace(ensure=lambda: True),
        shield=nullcontext,
    )
    found = SimpleNamespace(services=(state([SERVES]),))
    monkeypatch.setattr("composeroll.rollout.detached.retirement.look_quietly", lambda *_: found)
    assert retire_held(cast("Any", SimpleNamespace(world=world)), [service()])
    assert renamed == [(SERVES.id, "shop-app-1")]


@pytest.mark.parametrize("beside", ["", "b" * 64])
def test_what_another_gateway_still_holds_has_not_drained(
    beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its old workers send requests straight to it, though it asks the service's gateway by now."""
    gateways = SimpleNamespace(
        also_reaching=lambda *_: frozenset({beside} - {""}),
        old_workers=lambda asked: int(beside in asked),
        held=lambda *_: Held(1, leaving=frozenset({"1"})),
    )
    engine = SimpleNamespace(detached=lambda _: [detached(DRAINED)], now=lambda: 1.0)
    world = SimpleNamespace(engine=engine, gateways=gateways, clock=VirtualClock())
    found = SimpleNamespace(services=(state([SERVES], wiring(2)),))
    retired: list[object] = []
    monkeypatch.setattr("composeroll.rollout.detached.retirement.look_quietly", lambda *_: found)
    monkeypatch.setattr(
        "composeroll.rollout.detached.retirement._retire", lambda *_: retired.append(_)
    )
    assert retire_held(cast("Any", SimpleNamespace(world=world)), [service()]) is not bool(beside)
    assert bool(retired) is not bool(beside)
