"""Containers that were created from another directory than the compose file's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import realpath
from pathlib import Path

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import ServiceState


def checkout_findings(state: ServiceState, directory: str) -> Iterator[Finding]:
    """Warn if relative mounts lead elsewhere now: compose recreates containers for that alone.

    Args:
        state: the service as it was observed.
        directory: the project's, which relative paths start from.
    """
    here = realpath(directory)
    mounted = [bind for bind in state.service.binds if Path(realpath(bind)).is_relative_to(here)]
    for replica in state.replicas:
        if mounted and replica.made_from and realpath(replica.made_from) != here:
            yield Finding(
                Severity.WARNING,
                f"{replica.name} was created from {replica.made_from}, and does not mount"
                f" {mounted[0]}: from each directory, what the other created looks outdated",
                f"update from one directory, or with --project-directory {replica.made_from}",
            )
            return
