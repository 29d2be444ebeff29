"""What stops first: started again on the way back, once what would hold its port is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.model import Replica
from composeroll.rollout.steps import DetachReplicas, Incoming, StopReplicas, Switch, before
from tests.unit.rollout.makers import NEW, replica, wiring

OLD, MADE = replica(1), replica(2, NEW)
BACK = replace(OLD, networks=replica(7).networks)


@dataclass
class Machine:
    """An engine and a gateway that write down what they are told.

    Attributes:
        after: the containers once the old one was started again.
    """

    after: tuple[Replica, ...] = (BACK, MADE)
    done: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as these steps touch
        """What the steps are given."""
        engine = SimpleNamespace(
            replicas=lambda _: self.after,
            stop=self._noting("stop"),
            start=self._noting("start"),
            forbid_restart=self._noting("forbid restart"),
            detach=self._noting("set aside"),
        )
        gateways = SimpleNamespace(
            switch=self._told, restore=self._told, read=lambda *_: "", settled=True
        )
        return cast("Any", SimpleNamespace(engine=engine, gateways=gateways, project="shop"))

    def _noting(self, what: str) -> Any:  # noqa: ANN401 - whatever it is called with
        return lambda *words: self.done.append((what, *words))

    def _told(self, texts: dict[str, dict[str, str]]) -> None:
        ((text,),) = (paths.values() for paths in texts.values())
        self.done.append(("nginx names", [n for n in (1, 2, 7) if f"10.0.0.{n}:" in text]))


def stopping(back: Switch | None) -> StopReplicas:
    """The old one, with half a minute for its requests."""
    return StopReplicas("app", (OLD,), 30.0, before([OLD]), back)


def switch() -> Switch:
    """From the old replica to the one that was made."""
    place = wiring(1)
    incoming = Incoming("app", frozenset({OLD.id}))
    return Switch(incoming, place.route, place.upstream, place.texts, served=(OLD,))


def test_what_stops_has_as_long_as_its_file_says() -> None:
    machine = Machine()
    stopping(None).do(machine.world)
    assert machine.done == [("stop", {OLD.id: 30.0})]


@pytest.mark.parametrize("back", [switch(), None])
def test_on_the_way_back_the_new_one_stops_and_nginx_is_told_where_the_old_one_is_now(
    back: Switch | None,
) -> None:
    """A stopped container loses its address."""
    machine = Machine()
    stopping(back).undo(machine.world)
    led_back = [("nginx names", [7])] if back else []
    assert machine.done == [("stop", {MADE.id: None}), ("start", [OLD.id]), *led_back]


def test_what_drains_on_is_not_started_by_a_reboot_and_then_no_run_counts_it() -> None:
    machine = Machine()
    DetachReplicas((OLD,), 60.0).do(machine.world)
    assert machine.done == [("forbid restart", [OLD.id]), ("set aside", (OLD,), 60.0)]
