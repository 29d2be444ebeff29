"""What nginx is told on the way back: what it meant before, and nobody who is gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Replica, Server, Upstream
from composeroll.nginx.include import render_include
from composeroll.rollout.steps import Incoming
from composeroll.rollout.steps.switch import Switch
from tests.unit.rollout.makers import NEW, replica, wiring

SERVES, DIED = replica(1), replica(2, state=ContainerState.RESTARTING)


def back(*servers: Server, was: str = "as it was") -> str:
    """The text for the way back of an include with these servers; one replica has died since."""
    place = wiring()
    switch = Switch(
        Incoming("app", frozenset({SERVES.id})),
        place.route,
        Upstream("app", servers),
        {"g1": was},
        (SERVES,),
    )
    now: tuple[Replica, ...] = (SERVES, DIED, replica(3, NEW))
    engine = SimpleNamespace(replicas=lambda _: now)
    world = cast("Any", SimpleNamespace(engine=engine, project="shop"))
    return switch.texts_back(world)["g1"] or ""


SERVED = Server("10.0.0.1:80", (), "shop-app-1 111111111111")
UNREAD = Server("10.0.0.2:80", (), "shop-app-2 222222222222")


def test_the_text_is_put_back_as_it_was_where_it_means_the_same() -> None:
    assert back(SERVED) == "as it was"


@pytest.mark.parametrize("user", [Server("10.9.9.9:80"), replace(UNREAD, comment="")])
def test_what_somebody_else_wrote_beside_it_is_theirs(user: Server) -> None:
    assert back(SERVED, user) == "as it was"


def test_a_file_of_our_own_names_nobody_but_replicas() -> None:
    text = back(
        SERVED, Server("10.0.0.9:80"), was=render_include(Upstream("app", (SERVED,)), "shop", "app")
    )
    assert "server 10.0.0.1:80;" in text
    assert "10.0.0.9" not in text


def test_what_a_killed_rollout_wrote_of_one_that_is_gone_is_left_out() -> None:
    """Perhaps it had not been read: nginx would be sent there for the first time."""
    text = back(SERVED, UNREAD)
    assert "server 10.0.0.1:80;" in text
    assert "10.0.0.2" not in text
