"""Names after a rollout: `app-3`, `app-4` become `app-1`, `app-2` if that is safe.

Compose numbers new containers from the highest *label*, never from the names, and a label cannot
be changed. So a name may be taken only if no other container's label equals its number: otherwise a
later scale-up fails with `Conflict. The container name … is already in use`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from composeroll.model import Replica


class Renaming(Struct, frozen=True):
    """One container and the name it gets."""

    id: str
    old: str
    new: str


def renamings(replicas: Sequence[Replica], taken: Collection[str]) -> tuple[Renaming, ...]:
    """Return the renames that number these replicas from 1, in a safe order.

    Args:
        replicas: all containers of one service that stay.
        taken: names of all other containers on the engine.

    Returns:
        The renames; none if the names are right, or if renaming could collide now or later.
    """
    ordered = sorted(replicas, key=lambda r: r.number)
    wanted = [_renaming(replica, place) for place, replica in enumerate(ordered, start=1)]
    if not all(wanted) or not _labels_allow(ordered):
        return ()
    moves = tuple(move for move in wanted if move and move.old != move.new)
    return moves if _all_free(moves, {*taken, *(r.name for r in replicas)}) else ()


def _all_free(moves: Sequence[Renaming], names: AbstractSet[str]) -> bool:
    """Whether each new name is free when its turn comes; manually swapped names never are."""
    for move in moves:
        if move.new in names:
            return False
        names = names - {move.old} | {move.new}
    return True


def _renaming(replica: Replica, place: int) -> Renaming | None:
    prefix = replica.name.rstrip("0123456789")
    if not prefix.endswith((f"{replica.service}-", f"{replica.service}_")):
        return None
    return Renaming(replica.id, replica.name, f"{prefix}{place}")


def _labels_allow(ordered: Sequence[Replica]) -> bool:
    places = range(1, len(ordered) + 1)
    return all(
        r.number not in places or r.number == p for p, r in zip(places, ordered, strict=True)
    )
