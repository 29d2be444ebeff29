"""Compare how gateways answer their sites. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from composeroll.model import Site, Visit
from composeroll.rollout.errors_share import ERROR

StatusRanges = tuple[tuple[int, int], ...]


class Worse(Struct, frozen=True):
    """An answer that is not good enough: the end of a sentence, and the output as evidence."""

    what: str
    evidence: tuple[str, ...] = ()


def compare(
    now: Mapping[Site, Visit], then: Mapping[Site, Visit], accepted: StatusRanges
) -> Worse | None:
    """Return the first site that the new gateway answers worse than the present one.

    An answer is good if its status is accepted or the same as the present gateway's, or if both
    close the connection in the same way, for example with `return 444`. For a site that the present
    one does not answer, any status that is not a server error is good.

    Args:
        now: the answers of the gateway that serves now.
        then: the answers of the new gateway.
        accepted: closed ranges of status codes.
    """
    for site, visit in then.items():
        before = now.get(site)
        known = before is not None and before.status > 0
        good = _accepted(visit.status, accepted) or (
            visit.status == before.status if before and known else 0 < visit.status < ERROR
        )
        if not (good or (before and _close_alike(before, visit))):
            than = f", where the present one {before.said}" if before and known else ""
            return Worse(f"{visit.said} for {site}{than}", visit.output)
    return None


def _close_alike(before: Visit, visit: Visit) -> bool:
    return before.closed and visit.closed and before.said == visit.said


def unsteady(rounds: Sequence[Mapping[Site, Visit]], accepted: StatusRanges) -> Worse | None:
    """Return the first site with a bad answer whose status also varies between the rounds."""
    for site in dict.fromkeys(site for answers in rounds for site in answers):
        visits = [answers[site] for answers in rounds if site in answers]
        bad = [visit for visit in visits if not _accepted(visit.status, accepted)]
        if bad and len({visit.status for visit in visits}) > 1:
            return Worse(f"{bad[0].said} for {site}, and not every time", bad[0].output)
    return None


def _accepted(status: int, ranges: StatusRanges) -> bool:
    return any(first <= status <= last for first, last in ranges)
