"""Where each replica stands, as people see it while a plan runs."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from msgspec.structs import replace

from composeroll.model import Health, Replica
from composeroll.report.events import ReplicaRow, Stage
from composeroll.rollout.applying.showing import rows
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.steps import (
    AwaitReady,
    DrainFirst,
    DrainReplicas,
    Incoming,
    LeaveToOthers,
    Leaving,
    PinUpstreams,
    RetireReplicas,
    Retiring,
    Step,
    Switch,
    SwitchUpstreams,
)
from tests.unit.rollout.makers import NEW, ours, replica, service, state, wiring


def shown(
    observed: Observed, replicas: list[Replica], *done: Step, leaving: Collection[str] = ()
) -> dict[str, ReplicaRow]:
    """The table's lines by name."""
    return {row.name: row for row in rows(observed, leaving, replicas, done)}


def test_a_replica_is_ready_only_once_those_of_its_own_service_have_proved_themselves() -> None:
    app, api = replica(1, NEW), replica(2, NEW, of="api")
    observed = Observed("shop", (state([]), state([], of=service("api"))))
    ready = service().settings.ready
    proof = AwaitReady(Incoming("app", frozenset()), None, ready)
    lines = shown(observed, [app, api], proof)
    assert lines[app.name].stage is Stage.READY
    assert lines[api.name].stage is Stage.STARTING


def test_a_replica_whose_health_has_changed_is_still_the_one_that_served_before() -> None:
    before = replace(replica(1), health=Health.HEALTHY)
    observed = Observed("shop", (state([before], wiring(1)),))
    now = replace(before, health=Health.UNHEALTHY)
    line = shown(observed, [now])[now.name]
    assert (line.stage, line.upstream) == (Stage.CURRENT, True)


OLD = replica(1)
PLACE = wiring(1)
ALL = Incoming("app", frozenset({OLD.id}))
SWITCH = Switch(ALL, PLACE.route, PLACE.upstream)


@pytest.mark.parametrize(
    ("step", "stage", "upstream"),
    [
        (PinUpstreams((SWITCH,), 10.0), Stage.OUTGOING, True),
        (SwitchUpstreams((SWITCH,), 10.0), Stage.DRAINING, False),
        (DrainReplicas((Leaving(ALL, PLACE.route, (OLD,)),), 10.0), Stage.STOPPING, True),
        (RetireReplicas((Retiring("app", (OLD,)),)), Stage.STOPPING, True),
    ],
)
def test_what_leaves_goes_by_the_steps_of_its_own_service(
    step: Step, stage: Stage, *, upstream: bool
) -> None:
    other = replica(2, of="api")
    places = state([OLD], PLACE), state([other], wiring(2), of=service("api"))
    observed = Observed("shop", places)
    lines = shown(observed, [OLD, other], step, leaving={OLD.id, other.id})
    assert (lines[OLD.name].stage, lines[OLD.name].upstream) == (stage, upstream)
    assert (lines[other.name].stage, lines[other.name].upstream) == (Stage.OUTGOING, True)


def test_while_a_batch_that_stops_first_is_down_the_others_get_the_requests() -> None:
    first, second, new = replica(1), replica(2), replica(3, NEW)
    batches = service(**ours(order="stop-first", batch=1))
    observed = Observed("shop", (state([first, second], wiring(1, 2), of=batches),))
    reasons = outgoing(observed)
    plan = plan_rollout(observed, reasons)
    steps = [type(step) for step in plan.steps]
    assert steps[:2] == [LeaveToOthers, DrainFirst]
    for done in range(1, steps.index(SwitchUpstreams) + 1):
        lines = shown(observed, [first, second, new], *plan.steps[:done], leaving=reasons)
        assert lines[second.name].upstream, done
        assert not lines[new.name].upstream, done
