"""Sites with a rate limit: nginx's `limit_req` counts composeroll's own requests too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composeroll.model import Attachment, Site, Visit
from composeroll.rollout.world import World

TOO_OFTEN = frozenset({429, 503})
"""The usual values of `limit_req_status`; the default is 503."""

PAUSE = 0.5
"""Seconds before each request, one at a time: this stays below a limit of 2 per second."""

TRIES = 3
"""Retries for a site before such an answer is taken as its real answer."""

Visits = Mapping[Site, Visit]


def visit_patiently(
    world: World, place: Attachment, sites: Sequence[Site], via: str, path: str
) -> Visits:
    """Return one gateway's answers for these sites; retry those that may be rate limited."""
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
    """Visit the sites one at a time, with a pause before each."""
    found: dict[Site, Visit] = {}
    for site in sites:
        world.clock.wait(PAUSE)
        found.update(world.nginx.visit(place, [site], via, path))
    return found


def too_often(*rounds: Visits) -> tuple[Site, ...]:
    """Return the sites with an answer that may come from a rate limit."""

    def limited() -> Iterator[Site]:
        for answers in rounds:
            yield from (site for site, visit in answers.items() if visit.status in TOO_OFTEN)

    return tuple(dict.fromkeys(limited()))
