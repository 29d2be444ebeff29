"""How many replicas there are to be, and which of the outdated go first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Server, Upstream
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.counting import next_batch, replicas_wanted
from composeroll.rollout.planning.need import Need
from composeroll.rollout.planning.plan import replica_counts
from tests.unit.rollout.makers import NEW, ours, replica, service, state, wiring

CODE = "its code in code-of-app is replaced"


@pytest.mark.parametrize(
    ("outdated", "settled", "wanted"),
    [
        ({1}, 3, 3),  # scaled from 1 to 3 while the first was outdated
        ({1, 2}, 2, 2),  # a broken rollout of two left a new one beside them
        ({1, 2, 3}, 1, 3),  # all alike: what runs counts
    ],
)
def test_of_one_image_the_last_rollout_says_how_many_where_only_some_have_to_go(
    outdated: set[int], settled: int, wanted: int
) -> None:
    worker = state([replica(number, NEW) for number in (1, 2, 3)])
    leaving = {r.id: CODE for r in worker.replicas if r.number in outdated}
    found = replica_counts(Observed("shop", (worker,)), leaving, lambda _: settled)
    assert found == {"app": wanted}


def test_a_worker_that_the_file_wants_none_of_gets_none() -> None:
    assert replicas_wanted(state([], of=service(scale=0)), {}) == 0


def test_what_a_name_alone_leads_to_is_neither_kept_for_later_nor_named_unproven() -> None:
    """A scale was killed, and nginx was made anew: it goes by the name, which means both."""
    old, made = replica(1), replica(2)
    place = replace(wiring(), upstream=Upstream("app", (Server("app:80"),)))
    half = state(
        [old, made],
        place,
        of=service(**ours(batch=1)),
        doubtful=True,
        half_made=frozenset({made.id}),
    )
    assert next_batch(half, [old, made], 2) == (made,)
    need = Need.of(half, half.outdated, 2)
    assert need.outgoing == (made,)
    assert need.incoming().excluded == {made.id}
    later = replace(need, outgoing=(old,))
    assert later.incoming().excluded == {old.id, made.id}
