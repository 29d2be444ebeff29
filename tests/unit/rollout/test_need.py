"""What one service needs, decision by decision."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Replica, Server, Upstream
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.need import Need
from composeroll.rollout.planning.part import Part
from composeroll.rollout.steps import CreateReplicas, ReplaceReplicas
from tests.unit.rollout.makers import NEW, OLD, ours, replica, service, state, wiring


def need(observed: ServiceState, wanted: int | None = None) -> Need:
    """What it needs, where all outdated replicas are to go."""
    return Need.of(observed, observed.outdated, wanted)


def part(observed: ServiceState, wanted: int | None = None) -> Part:
    """The same with its steps."""
    return Part.of(observed, observed.outdated, wanted)


def test_what_nginx_may_not_have_read_is_misled_however_right_its_files_are() -> None:
    right = [replica(1, NEW)]
    assert not need(state(right, wiring(1))).misled
    assert need(state(right, wiring(1), doubtful=True)).misled


def test_nothing_is_misled_where_no_nginx_leads_to_the_service() -> None:
    assert not need(state([replica(1, NEW)])).misled
    assert not need(state([replica(1, NEW)], doubtful=True)).misled


@pytest.mark.parametrize(
    ("settings", "image", "judged"),
    [({"monitor": "10s"}, OLD, True), ({}, OLD, False), ({"monitor": "10s"}, NEW, False)],
)
def test_new_replicas_are_judged_where_a_setting_says_so(
    settings: dict[str, Any], image: str, *, judged: bool
) -> None:
    observed = state([replica(1, image)], wiring(1), of=service(**ours(**settings)))
    assert need(observed).is_judged == judged


@pytest.mark.parametrize(
    ("raw", "adopts"),
    [({}, True), (ours(order="stop-first"), False), ({"container_name": "app"}, False)],
)
def test_only_what_runs_beside_the_old_is_gone_on_with(
    raw: dict[str, Any], *, adopts: bool
) -> None:
    """Where it cannot, what was made is all there is."""
    both = [replica(1), replica(2, NEW)]
    one = service(**raw)
    observed = state(both, wiring(1), of=one, half_made=frozenset({both[1].id}))
    assert need(observed).adopted == ((both[1],) if adopts else ())


def by_name(*replicas: Replica, half_made: Replica) -> ServiceState:
    """Nginx, made anew after a rollout was cut off, goes by a name that means all of them."""
    place = wiring(1)
    named = replace(place, upstream=Upstream("app", (Server("app:80"),)))
    return state(replicas, named, doubtful=True, half_made=frozenset({half_made.id}))


def test_what_is_gone_on_with_did_not_serve_though_nginx_goes_by_the_name() -> None:
    """Nor may it be told the name again on the way back: it would remember what is then removed."""
    old, made = replica(1), replica(2, NEW)
    found = part(by_name(old, made, half_made=made), wanted=1)
    assert not found.missing
    assert found.switch().served == (old,)
    assert found.pins
    assert found.pin().served == (old,)


@pytest.mark.parametrize(
    ("raw", "pins"),
    [({}, True), (ours(order="stop-first"), False), ({"container_name": "app"}, False)],
)
def test_only_what_runs_beside_the_old_is_kept_from_getting_requests_by_name(
    raw: dict[str, Any], *, pins: bool
) -> None:
    observed = state([replica(1)], wiring(1), of=service(**raw), doubtful=True)
    assert need(observed).pins == pins


@pytest.mark.parametrize(
    ("raw", "runs", "reached"),
    [
        ({}, ContainerState.RESTARTING, True),
        ({}, ContainerState.RUNNING, False),
        (ours(order="stop-first"), ContainerState.RESTARTING, False),
    ],
    ids=["nothing to pin", "pinned", "stopped first"],
)
def test_the_name_leads_to_new_replicas_where_nothing_runs_that_it_could_be_pinned_to(
    raw: dict[str, Any], runs: ContainerState, *, reached: bool
) -> None:
    named = replace(wiring(), upstream=Upstream("app", (Server("app:80"),)))
    found = part(state([replica(1, state=runs)], named, of=service(**raw)))
    (create,) = (s for s in found.prepare() if isinstance(s, CreateReplicas))
    assert create.by_name == reached


def test_replicas_are_given_as_long_to_stop_as_their_file_says() -> None:
    observed = state([replica(1)], wiring(1), of=service(stop_grace_period="1m30s"))
    retiring = part(observed).retiring()
    assert retiring
    assert retiring.grace == 90.0


def test_what_is_replaced_in_place_goes_back_to_what_served() -> None:
    """A crashed one beside it says nothing of what ran."""
    crashed = replica(1, "sha256:" + "c" * 64, state=ContainerState.EXITED)
    observed = state([crashed, replica(2)], of=service(container_name="app"))
    (step,) = (s for s in part(observed).prepare() if isinstance(s, ReplaceReplicas))
    assert step.previous == OLD
