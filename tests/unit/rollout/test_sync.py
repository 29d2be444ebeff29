"""Who is named after a reboot, and who is taken out at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import GatewayUnread, Refused
from composeroll.model import ContainerState, Replica
from composeroll.report.events import Warned
from composeroll.rollout.checks.drift import owners_of
from composeroll.rollout.detached.retirement import Retired
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.sync import sync as rollout_sync
from composeroll.rollout.sync.evict import plan_eviction
from composeroll.rollout.sync.repair import intended
from composeroll.rollout.sync.sync import RIGHT, Synced, plan_sync
from tests.unit.rollout.makers import replica, service, state, wiring

GONE = ContainerState.EXITED


def evicted(named: int, own: Replica, *others: Replica) -> str:
    """The plan for an upstream of the app that names one address."""
    states = (state([own], wiring(named)),)
    return str(plan_eviction(states, owners_of((own, *others))))


def app(*replicas: Replica, names: tuple[int, ...]) -> ServiceState:
    return state(replicas, wiring(*names))


def test_a_container_of_another_service_is_taken_out_of_the_upstream() -> None:
    plan = evicted(7, replica(1), replica(7, of="other"))
    assert "take other services' addresses out of upstream app" in plan


def test_that_waits_for_no_replica_of_its_own() -> None:
    assert evicted(7, replica(1, state=GONE), replica(7, of="other"))


def test_an_address_that_is_nobodys_waits_for_a_proven_replica() -> None:
    stopped = replica(7, of="other", state=GONE)
    assert plan_eviction((app(replica(1), names=(7,)),), owners_of((stopped,))).empty


def test_an_upstream_that_names_its_own_is_left_alone() -> None:
    both = (replica(1), replica(7, of="other"))
    assert plan_eviction((app(replica(1), names=(1,)),), owners_of(both)).empty


def test_only_what_has_proved_itself_is_named() -> None:
    both = app(replica(1), replica(2), names=(1, 2))
    assert plan_sync((both,), {"app": both.replicas}).empty
    assert not plan_sync((both,), {"app": both.replicas[:1]}).empty


def test_an_upstream_without_any_ready_replica_stays_as_it_is() -> None:
    assert plan_sync((app(replica(1), names=(9,)),), {"app": ()}).empty


def test_after_a_rollout_that_was_cut_off_all_is_written_again() -> None:
    right = app(replica(1), names=(1,))
    assert not plan_sync((right,), {"app": right.replicas}, doubtful=True).empty


def test_in_a_broken_rollout_the_side_that_serves_is_meant() -> None:
    old, new = replica(1), replica(2)
    place = wiring(1)
    (server,) = place.upstream.servers
    on_the_old = replace(server, comment=f"shop-app-1 {old.short_id}")
    place = replace(place, upstream=replace(place.upstream, servers=(on_the_old,)))
    half_done = state([old, new], place, of=service())
    assert intended(half_done, {old.id: "outdated"}) == (old,)
    assert intended(half_done, {}) == (old, new)


def test_past_its_switch_the_new_side_of_a_broken_rollout_is_meant() -> None:
    old, new = replica(1), replica(2)
    half_done = state([old, new], wiring(2), of=service())
    assert intended(half_done, {old.id: "outdated"}) == (new,)


def test_where_no_new_replica_runs_after_a_reboot_the_old_ones_are_meant() -> None:
    old, new = replica(1), replica(2, state=GONE)
    restarted = state([old, new], wiring(9), of=service())
    assert intended(restarted, {old.id: "outdated"}) == (old,)


def test_a_sync_ends_with_the_reason_why_a_place_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What several services have in common is told once, and every other reason beside it."""
    cut_off, two = Refused("nginx is cut off", help="sync"), Refused("both send requests to it")
    synced = Synced(refused={"a": two, "b": cut_off, "c": cut_off})
    monkeypatch.setattr(rollout_sync, "sync_once", lambda *_: synced)
    events: list[Warned] = []
    stack = cast("Any", SimpleNamespace(world=SimpleNamespace(emit=events.append)))
    for names, serving in ((["a", "b", "c"], "nothing was touched"), ([*"abcd"], RIGHT)):
        with pytest.raises(Refused, match="b, c: nginx is cut off") as raised:
            rollout_sync.sync(stack, names)
        assert (raised.value.help, raised.value.serving) == ("sync", serving)
        assert events.pop().text == "a: both send requests to it"
    assert not events


@pytest.mark.parametrize(
    ("refusal", "settled"),
    [(GatewayUnread("nginx rejects its files"), False), (Refused("two send requests to it"), True)],
)
def test_a_gateway_that_could_not_be_read_is_looked_at_again_without_an_event(
    monkeypatch: pytest.MonkeyPatch, refusal: Refused, *, settled: bool
) -> None:
    found = SimpleNamespace(services=(state([replica(1)], refusal=refusal),))
    monkeypatch.setattr(rollout_sync, "look_quietly", lambda *_: found)
    monkeypatch.setattr(rollout_sync, "rejoin", lambda *_: ())
    monkeypatch.setattr(rollout_sync, "apart", lambda *_: (("app",),))
    monkeypatch.setattr(rollout_sync, "retire_drained", lambda *_: Retired())
    stack = SimpleNamespace(
        locks=SimpleNamespace(broke_off=lambda _: False),
        project=SimpleNamespace(pick=lambda _: [service()]),
        engine=SimpleNamespace(replicas=lambda: (replica(1),)),
    )
    synced = rollout_sync.sync_once(cast("Any", stack), ["app"])
    assert (dict(synced.refused), synced.settled) == ({"app": refusal}, settled)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_of_several_groups_all_are_to_be_settled_and_one_may_mend_or_drain(
    *, first: bool, second: bool
) -> None:
    ends = {True: ("app", "api"), False: ()}
    one = Synced(ends[first], settled=first, draining=first)
    both = one.and_also(Synced(ends[second], settled=second, draining=second))
    assert both.repaired == ends[first or second]
    assert both.settled == (first and second)
    assert both.draining == (first or second)
