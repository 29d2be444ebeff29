"""Names after a rollout: never taken, never in the way of a later one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from composeroll.model import Replica
from composeroll.rollout.steps.numbering import renamings
from tests.unit.rollout.makers import replica

numbers = st.integers(1, 9)
populations = st.lists(st.tuples(numbers, numbers), max_size=5, unique_by=lambda pair: pair[1])
others = st.sets(numbers.map(lambda n: f"shop-app-{n}"), max_size=3)


def named(label: int, name: int, place: int) -> Replica:
    """A replica with this label and the number `name` in its name."""
    made = replica(label, name=f"shop-app-{name}")
    return Replica(f"{place:064x}", made.name, made.service, label, made.image, made.state)


@given(populations, others)
def test_no_rename_meets_a_name_that_is_taken(
    pairs: list[tuple[int, int]], elsewhere: set[str]
) -> None:
    replicas = [named(label, name, place) for place, (label, name) in enumerate(pairs)]
    own = {r.id: r.name for r in replicas}
    taken = elsewhere - set(own.values())
    for move in renamings(replicas, taken):
        assert own[move.id] == move.old
        assert move.new not in taken | set(own.values())
        own[move.id] = move.new


@given(populations, others)
def test_afterwards_no_name_is_another_containers_label(
    pairs: list[tuple[int, int]], elsewhere: set[str]
) -> None:
    replicas = [named(label, name, place) for place, (label, name) in enumerate(pairs)]
    moves = renamings(replicas, elsewhere)
    after = {r.id: r.name for r in replicas} | {move.id: move.new for move in moves}
    labels = {f"shop-app-{r.number}": r.id for r in replicas}
    if moves:
        assert all(labels.get(name, container) == container for container, name in after.items())
        assert f"shop-app-{max(r.number for r in replicas) + 1}" not in after.values()


def test_docker_orchestrate_64_66_three_new_ones_take_the_names_of_three_old_ones() -> None:
    moves = renamings([replica(n) for n in (4, 5, 6)], set())
    assert [(m.old, m.new) for m in moves] == [
        ("shop-app-4", "shop-app-1"),
        ("shop-app-5", "shop-app-2"),
        ("shop-app-6", "shop-app-3"),
    ]


def test_names_from_compose_1_keep_their_underscore() -> None:
    moves = renamings([replica(2, name="shop_app_2")], set())
    assert [move.new for move in moves] == ["shop_app_1"]


def test_a_name_of_the_users_own_is_kept() -> None:
    assert not renamings([replica(2, name="the-app")], set())


def test_a_name_that_another_project_holds_is_left_alone() -> None:
    assert not renamings([replica(2)], {"shop-app-1"})


def test_labels_in_the_way_leave_the_names_as_they_are() -> None:
    assert not renamings([replica(2), replica(3)], set())
