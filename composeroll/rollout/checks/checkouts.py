"""Containers that were made from another directory than the one that the file lies in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import realpath
from pathlib import Path

from composeroll.model import Finding, Severity
from composeroll.rollout.observed import ServiceState


def checkouts(state: ServiceState, directory: str) -> Iterator[Finding]:
    """A warning where relative mounts lead elsewhere now: compose recreates for that alone.

    Args:
        state: the service as it was observed.
        directory: the project's, from which relative paths count.
    """
    here = realpath(directory)
    mounted = [bind for bind in state.service.binds if Path(realpath(bind)).is_relative_to(here)]
    for replica in state.replicas:
        if mounted and replica.made_from and realpath(replica.made_from) != here:
            yield Finding(
                Severity.WARNING,
                f"{replica.name} was made from {replica.made_from}, and {mounted[0]} is another"
                " path than it mounts: each of both places takes for outdated what the other made",
                f"update from one place, or with --project-directory {replica.made_from}",
            )
            return
