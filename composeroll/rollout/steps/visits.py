"""Whether a gateway's sites are answered as well as they were. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from composeroll.model import Site, Visit
from composeroll.rollout.errors_share import ERROR

StatusRanges = tuple[tuple[int, int], ...]


class Worse(Struct, frozen=True):
    """An answer that is not good enough, as the end of a sentence, with what it said."""

    what: str
    evidence: tuple[str, ...] = ()


def compare(
    now: Mapping[Site, Visit], then: Mapping[Site, Visit], accepted: StatusRanges
) -> Worse | None:
    """The first site that the new gateway answers worse than the present one.

    Good is a status that is accepted, or the very one that the present gateway gives, or that both
    close the connection in the same way, as a `return 444` for unknown names is meant to; of a site
    that only the new one has, any that is no error of the server's.

    Args:
        now: the answers of the gateway that serves.
        then: those of the one that is to.
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
    """The first site that two gateways behind one port do not answer alike, and not well."""
    for site in dict.fromkeys(site for answers in rounds for site in answers):
        visits = [answers[site] for answers in rounds if site in answers]
        bad = [visit for visit in visits if not _accepted(visit.status, accepted)]
        if bad and len({visit.status for visit in visits}) > 1:
            return Worse(f"{bad[0].said} for {site}, and not every time", bad[0].output)
    return None


def _accepted(status: int, ranges: StatusRanges) -> bool:
    return any(first <= status <= last for first, last in ranges)
