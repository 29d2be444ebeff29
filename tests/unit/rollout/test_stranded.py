"""An nginx that its clients cannot reach, since it is not in the network of its edge."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.config.project import read_project
from composeroll.errors import EngineError, GatewayError, Refused
from composeroll.model import ContainerState, Replica
from composeroll.report.events import Planned
from composeroll.rollout.checks.drift import drift
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.steps.rejoin import GRACE, SERVES_WITHIN
from composeroll.rollout.steps.serving import POLL
from composeroll.rollout.survey.stranded import given_up, is_left_behind, may_be_left_behind
from composeroll.rollout.sync.rejoin import NOBODY, plan_rejoin, rejoin
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import replica, service, state

EDGE = replace(replica(9, of="edge"), started_at="2026-11-22T10:57:54.50117548Z")
FILE = {"edge": {}, "nginx": {"network_mode": "service:edge"}, "app": {}}
SHOP = read_project({"name": "shop", "services": FILE}, [])
REFUSED = "cannot join network namespace of a non running container: container edge-1 is exited"
EXITED = ContainerState.EXITED


def nginx(number: int = 1, **more: Any) -> Replica:  # noqa: ANN401 - fields of Replica
    """A container in the edge's network, in step with it."""
    own = {"network_mode": f"container:{EDGE.id}", "started_at": "2026-11-22T10:57:54.6Z"}
    its = {"restart_policy": "always", "command": ("/docker-entrypoint.sh", "nginx")}
    return replace(replica(number, of="nginx"), **{**its, **own, **more})


GIVEN_UP = nginx(state=EXITED, error=REFUSED)
EARLIER = nginx(started_at="2026-11-22T10:57:54.50117Z")


@pytest.mark.parametrize(
    ("container", "edge", "is_so"),
    [
        (GIVEN_UP, EDGE, True),
        (replace(GIVEN_UP, state=ContainerState.CREATED, started_at=""), EDGE, False),
        (GIVEN_UP, replace(EDGE, state=EXITED), False),
        (GIVEN_UP, replica(8, of="edge"), False),
        (replace(GIVEN_UP, error=""), EDGE, False),
        (replace(GIVEN_UP, error="bind source path does not exist"), EDGE, False),
        (replace(GIVEN_UP, restart_policy="no"), EDGE, False),
        (replace(GIVEN_UP, network_mode="shop_default"), EDGE, False),
        (nginx(), EDGE, False),
    ],
)
def test_the_engine_gave_up_what_was_to_live_in_an_edge_that_did_not_run_yet(
    container: Replica, edge: Replica, *, is_so: bool
) -> None:
    assert given_up(container, (container, edge)) is is_so


@pytest.mark.parametrize(
    ("container", "edge", "may_be"),
    [
        (EARLIER, EDGE, True),
        (nginx(), EDGE, False),
        (replace(EARLIER, started_at=""), EDGE, False),
        (replace(EARLIER, state=EXITED), EDGE, False),
        (EARLIER, replace(EDGE, state=EXITED), False),
        (EARLIER, replace(EDGE, started_at=""), False),
    ],
)
def test_what_was_started_before_its_edge_may_be_left_behind(
    container: Replica, edge: Replica, *, may_be: bool
) -> None:
    assert may_be_left_behind(container, (container, edge)) is may_be


def test_nobody_is_asked_whether_it_is_cut_off_that_was_started_after_its_edge() -> None:
    assert not is_left_behind(nginx(), (nginx(), EDGE), cast("Any", None))
    assert is_left_behind(EARLIER, (EARLIER, EDGE), lambda *_: True)
    assert not is_left_behind(EARLIER, (EARLIER, EDGE), lambda *_: False)


class Stack:
    """A project of an edge and nginx, and what is done to it."""

    def __init__(self, *replicas: Replica, left: Intent | None = None, fails: bool = False) -> None:
        self.replicas = replicas
        self.done: list[Any] = []
        self.events: list[Any] = []
        self.serves = [True]
        self.clock = VirtualClock()
        self._left = left or Intent()
        self._fails = fails

    @property
    def stack(self) -> Any:  # noqa: ANN401 - as much of a Stack as this touches
        """What is given to it."""
        nginx_ = SimpleNamespace(
            cut_off=lambda container, edge: (container.short_id, edge) == (EARLIER.short_id, EDGE),
            find=lambda id_: next(
                replace(r, state=ContainerState.RUNNING) for r in self.replicas if r.id == id_
            ),
            serves=lambda _: self.serves.pop() if len(self.serves) > 1 else self.serves[0],
        )
        world = SimpleNamespace(
            nginx=nginx_,
            engine=SimpleNamespace(restart=self._restart, logs=lambda *_: ()),
            emit=self.events.append,
            clock=self.clock,
            shield=nullcontext,
            lock=SimpleNamespace(ensure=lambda: True),
        )
        locks = SimpleNamespace(hold=self._hold, leave_to_others=lambda: self.done.append("leave"))
        return SimpleNamespace(
            project=SHOP,
            engine=SimpleNamespace(replicas=lambda: self.replicas),
            world=world,
            locks=locks,
        )

    def _hold(self, services: list[str], patience: float) -> Any:  # noqa: ANN401 - a context
        self.done.append((*services, patience))
        return nullcontext(self._left)

    def _restart(self, ids: tuple[str, ...], grace: float) -> None:
        if self._fails:
            raise EngineError("no space left on device")
        assert grace == GRACE
        self.done.append(ids)


def test_what_is_where_it_belongs_is_left_alone() -> None:
    well = Stack(nginx(), EDGE, replica(2))
    assert not rejoin(well.stack, 0.0)
    assert not well.done


@pytest.mark.parametrize("lost", [GIVEN_UP, EARLIER])
def test_nginx_is_started_again_by_whoever_has_its_lock(lost: Replica) -> None:
    around = Stack(lost, EDGE)
    assert rejoin(around.stack, 7.0)
    assert around.done == [("nginx", 7.0), (lost.id,)]
    assert any(isinstance(event, Planned) for event in around.events)


def test_it_counts_as_back_once_its_nginx_accepts() -> None:
    slow, silent = Stack(GIVEN_UP, EDGE), Stack(GIVEN_UP, EDGE)
    slow.serves, silent.serves = [True, False, False], [False]
    assert rejoin(slow.stack, 0.0)
    assert slow.clock.now() == pytest.approx(2 * POLL)
    with pytest.raises(GatewayError, match="no nginx accepts connections in shop-nginx-1"):
        rejoin(silent.stack, 0.0)
    assert silent.clock.now() == pytest.approx(SERVES_WITHIN, abs=POLL)


def test_what_a_broken_rollout_left_to_do_stays_for_the_next_one() -> None:
    around = Stack(GIVEN_UP, EDGE, left=Intent(outgoing={"x": "outdated"}, broke_off=True))
    assert rejoin(around.stack, 0.0)
    assert "leave" in around.done


def test_a_container_of_the_edge_that_is_no_nginx_is_its_owners_affair() -> None:
    exporter = replace(GIVEN_UP, service="exporter", image_ref="exporter:1", command=("serve",))
    assert not rejoin(Stack(exporter, EDGE).stack, 0.0)


@pytest.mark.parametrize(("lost", "done"), [(EARLIER, False), (GIVEN_UP, True)])
def test_what_only_sounds_like_nginx_is_not_restarted_and_nobody_waits_for_it(
    lost: Replica, *, done: bool
) -> None:
    """Its exporter lives in the same network; one that the engine gave up is started."""
    exporter = replace(lost, service="nginx-exporter", command=("/usr/bin/exporter",))
    around = Stack(exporter, EDGE)
    around.serves = [False]
    assert bool(rejoin(around.stack, 0.0)) is done
    assert around.clock.now() == 0.0


def test_one_that_cannot_be_started_is_told_with_what_that_means() -> None:
    with pytest.raises(GatewayError, match="no space left on device") as raised:
        rejoin(Stack(GIVEN_UP, EDGE, fails=True).stack, 0.0)
    assert raised.value.serving == NOBODY


def test_all_of_a_gateway_come_back_together() -> None:
    assert plan_rejoin(()).empty
    both = plan_rejoin((GIVEN_UP, replace(GIVEN_UP, id="2" * 64)))
    assert str(both) == (
        "  1  start nginx in the network of its edge"
        "  (the engine could not: the edge did not run yet)"
    )


def test_status_says_what_starts_it() -> None:
    (note,) = drift(state([GIVEN_UP], of=service("nginx")), {})
    assert note == (
        "does not run: shop-nginx-1; the engine gave up on it before its edge ran:"
        " `composeroll sync` starts it"
    )
    refused = Refused("no nginx runs in nginx", help="`composeroll sync` starts it")
    (note,) = drift(state([GIVEN_UP], of=service("nginx"), refusal=refused), {})
    assert note == "no nginx runs in nginx; `composeroll sync` starts it"


def test_where_nothing_lives_in_an_edge_nobody_is_looked_at() -> None:
    around = Stack(GIVEN_UP, EDGE).stack
    around.project = read_project({"name": "shop", "services": {"nginx": {}, "app": {}}}, [])
    around.engine = None
    assert not rejoin(around, 0.0)
