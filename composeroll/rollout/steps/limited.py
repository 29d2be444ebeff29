"""Sites that count how often they are asked: `limit_req` counts our own questions too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composeroll.model import Attachment, Site, Visit
from composeroll.rollout.world import World

TOO_OFTEN = frozenset({429, 503})
"""What `limit_req_status` mostly is; 503 by default."""

PAUSE = 0.5
"""Seconds before each question, one at a time: limits of 2 requests a second are kept."""

TRIES = 3
"""Questions for a site before such an answer is what it has to say."""

Visits = Mapping[Site, Visit]


def visit_patiently(
    world: World, place: Attachment, sites: Sequence[Site], via: str, path: str
) -> Visits:
    """What one gateway answers for these sites; one that was asked too often is asked again."""
    found = dict(world.nginx.visit(place, sites, via, path))
    for _ in range(TRIES):
        limited = too_often(found)
        for site in limited:
            found.update(one_by_one(world, place, (site,), via, path))
        if not limited:
            break
    return found


def one_by_one(
    world: World, place: Attachment, sites: Sequence[Site], via: str, path: str
) -> Visits:
    """The same question for each site alone, after a pause."""
    found: dict[Site, Visit] = {}
    for site in sites:
        world.clock.wait(PAUSE)
        found.update(world.nginx.visit(place, [site], via, path))
    return found


def too_often(*rounds: Visits) -> tuple[Site, ...]:
    """The sites that any of these answers may only be a limit's for."""

    def limited() -> Iterator[Site]:
        for answers in rounds:
            yield from (site for site, visit in answers.items() if visit.status in TOO_OFTEN)

    return tuple(dict.fromkeys(limited()))
