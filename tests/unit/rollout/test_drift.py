"""What `status` says where a service and its upstream disagree, and that what it advises helps."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Replica
from composeroll.rollout.checks.drift import drift, owners_of
from composeroll.rollout.observing.observed import ServiceState, Wiring
from tests.unit.rollout.makers import NEW, replica, service, state, wiring

EXITED, RESTARTING = ContainerState.EXITED, ContainerState.RESTARTING


def noted(of: ServiceState, *others: Replica, broke_off: bool = False) -> tuple[str, ...]:
    return drift(of, owners_of(others), broke_off=broke_off)


def paused(number: int) -> Replica:
    """It keeps its address."""
    return replace(replica(number, NEW), state=ContainerState.PAUSED)


def stopped(number: int) -> Replica:
    """It may have been meant to: it is no work that is done."""
    return replace(replica(number, NEW, state=EXITED), exit_code=137)


def test_a_paused_replica_is_called_so_with_the_one_command_that_helps() -> None:
    both, unpause = [replica(1, NEW), paused(2)], "`docker unpause shop-app-2`"
    (note,) = noted(state(both, wiring(1, 2)))
    assert note == f"shop-app-2 is paused, and the upstream names it (10.0.0.2:80): {unpause}"
    assert noted(state(both, wiring(1))) == (f"shop-app-2 is paused: {unpause}",)


@pytest.mark.parametrize("place", [None, wiring(1, 2)])
def test_where_none_runs_a_start_is_advised_and_no_sync_that_would_leave_all_as_it_is(
    place: Wiring | None,
) -> None:
    (note,) = noted(state([stopped(1), stopped(2)], place))
    assert note.startswith("does not run: shop-app-1, shop-app-2; none runs:")
    assert note.endswith("`docker compose start app`, or `composeroll update app`")


def test_more_than_are_wanted_were_left_by_somebody_who_was_cut_off() -> None:
    """Old and new ones that run side by side are not added up, nor two of one name."""
    mixed = state([replica(1), replica(2), replica(3, NEW), replica(4, NEW)], wiring(1, 2))
    note = noted(mixed)[-1]
    assert note.startswith("4 replicas run where 2 are wanted: a rollout was interrupted;")
    alone = service(container_name="the-app")
    second = replica(1, NEW, name="0123456789ab_the-app")
    (note,) = noted(state([replica(1, NEW, name="the-app"), second], of=alone))
    assert note.startswith("2 replicas run where 1 is wanted: ")


def test_where_there_is_none_only_an_update_makes_one() -> None:
    assert noted(state([], wiring(1))) == ("no replica of app is there: `composeroll update app`",)
    assert not noted(state([]))


def test_a_strangers_address_is_told_though_none_runs() -> None:
    strange, *_ = noted(state([stopped(1)], wiring(7)), replica(7, of="other"))
    assert strange.startswith("the upstream names 10.0.0.7:80, which is shop-other-7 of service")
    assert strange.endswith("`composeroll sync app` repairs it")


def test_beside_one_that_runs_nobodys_address_and_what_is_down_are_told_as_they_were() -> None:
    strange, down = noted(state([replica(1, NEW), stopped(2)], wiring(1, 9)))
    assert strange.startswith("the upstream names 10.0.0.9:80, which is not a replica of app;")
    assert strange.endswith("`composeroll sync app` repairs it")
    assert down == "does not run: shop-app-2; `composeroll update app` removes it"


def test_what_crashes_in_a_loop_is_not_to_be_started_by_hand() -> None:
    (note,) = noted(state([replica(1, NEW, state=RESTARTING)]))
    assert note == "does not run: shop-app-1; `composeroll update app` recreates them"


def test_what_a_broken_rollout_left_is_finished_by_an_update_alone() -> None:
    (note,) = noted(state([stopped(1)], wiring(1)), broke_off=True)
    assert note == "does not run: shop-app-1; `composeroll update app` finishes it"


def test_what_was_run_once_and_has_ended_well_is_as_it_should_be() -> None:
    once = replica(1, NEW, state=EXITED)
    assert not noted(state([once]))
    assert noted(state([replace(once, exit_code=1)]))
    assert noted(state([once], wiring(1)))
    assert noted(state([once, replica(2, NEW)]))


def test_what_is_outdated_and_listens_where_the_file_said_before_is_where_it_should_be() -> None:
    """It gets its requests, and no sync would tell nginx otherwise."""
    place = wiring(1)
    elsewhere = replace(place, route=replace(place.route, port=8080))
    (note,) = noted(state([replica(1)], elsewhere))
    assert note.startswith("shop-app-1 is outdated")
    strange, lost = noted(state([replica(1, NEW)], elsewhere))
    assert strange.startswith("the upstream names 10.0.0.1:80, which is not a replica of app")
    assert lost.startswith("shop-app-1 (10.0.0.1:8080) gets no requests")
