"""Another nginx begins in the middle of a rollout: somebody has scaled the gateway."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

import pytest

from tests.sim import interference
from tests.sim.finished import finished
from tests.sim.interference import Move, Outside
from tests.sim.moments import moment
from tests.sim.nginx import Gateway
from tests.sim.runs import Moved, Run
from tests.sim.stacks import app
from tests.sim.survey import include_of
from tests.sim.world import Sim

Files = Callable[[Sim], dict[str, str]]


class Joins(Protocol):
    """An update in whose drain a second nginx begins, with these files; and how that ended."""

    def __call__(self, files: Files, *, rejects: bool = False) -> tuple[Sim, str]:
        """One that `rejects` them cannot be asked what it goes by."""
        ...


def shared(sim: Sim) -> dict[str, str]:
    """Both mount one directory."""
    return sim.gateways.all["gateway-1"].files


def own(sim: Sim) -> dict[str, str]:
    """Its image writes a name."""
    names = {include_of(name): sim.include(name, [f"{name}:9000"]) for name in ("app", "other")}
    return {**sim.gateways.all["gateway-1"].files, **names}


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> Joins:
    """See `Joins`."""

    def update(files: Files, *, rejects: bool = False) -> tuple[Sim, str]:
        def join(outside: Outside, service: str, dice: Random) -> None:
            del service, dice
            sim = outside._sim  # noqa: SLF001 - a move of the world's
            sim.gateways.boot(Gateway("gateway-2", files(sim), rejects=rejects))

        monkeypatch.setitem(interference._MOVES, Move.NGINX_BOOTS, join)  # noqa: SLF001 - see above
        drains = moment(app(2), "begin: drain")
        sim = app(2)
        joined = Moved(drains + 5, Move.NGINX_BOOTS)
        return sim, sim.do(Run(("app",), moves=[joined]))

    return update


def test_one_that_has_what_the_others_were_told_is_as_good_as_they(
    joins: Joins,
) -> None:
    sim, end = joins(shared)
    assert end == "updated"
    finished(sim, "app", 2)


def test_one_that_goes_by_a_name_keeps_old_and_new_until_the_next_run_tells_it(
    joins: Joins,
) -> None:
    sim, end = joins(own)
    assert end == "UndoFailed"
    assert sum(box.running for box in sim.engine.of("app")) == 4
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)


def test_one_that_cannot_be_asked_is_not_taken_for_one_that_was_told(joins: Joins) -> None:
    sim, end = joins(shared, rejects=True)
    assert end == "UndoFailed"
    assert str(sim.failure).startswith("gateway-2 began to take requests during the rollout")
    assert sum(box.running for box in sim.engine.of("app")) == 4
    sim.gateways.all["gateway-2"].rejects = False
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)
