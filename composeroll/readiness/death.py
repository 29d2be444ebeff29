"""Whether a replica has died, and why."""

from __future__ import annotations

from composeroll.model import ContainerState, Replica

KILLED = 137
"""128 + SIGKILL, the exit code of a container that the kernel killed for lack of memory."""


def cause_of_death(before: Replica, now: Replica | None, *, short_of_memory: bool = False) -> str:
    """Return why a replica died, as the rest of a sentence that begins with its name.

    Empty while it lives. A restart counts as a death, even if the restart policy revived it.
    """
    if now is None:
        return "is gone"
    if now.running and not _restarted(before, now):
        return ""
    if short_of_memory and now.exit_code in (0, KILLED):
        return "was killed for lack of memory"
    if now.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
        return f"died{_with_code(now)} and was started again"
    if now.over:
        return f"exited with code {now.exit_code}"
    return f"is {now.state}"


def _restarted(before: Replica, now: Replica) -> bool:
    moved = before.started_at and now.started_at != before.started_at
    return bool(moved) or now.restarts > before.restarts


def _with_code(replica: Replica) -> str:
    # After a restart the exit code is lost: the engine shows 0 for a running container.
    return f" with code {replica.exit_code}" if replica.exit_code else ""
