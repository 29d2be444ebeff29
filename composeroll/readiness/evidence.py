"""The lines to print about a replica that failed."""

from __future__ import annotations

from composeroll.errors import EngineError, EngineUnreachable
from composeroll.model import Replica
from composeroll.readiness.answer import Answer
from composeroll.readiness.door import ContainerDoor

LOG_LINES = 20


def evidence_of(door: ContainerDoor, replica: Replica, answer: Answer | None) -> tuple[str, ...]:
    """Return the last answer with its output, then the container's last log lines."""
    asked = _answered(answer) if answer and not answer.good else ()
    return (*asked, *_logged(door, replica))


def _answered(answer: Answer) -> tuple[str, ...]:
    return (f"when asked, it {answer.said}", *(f"  {line}" for line in answer.output))


def _logged(door: ContainerDoor, replica: Replica) -> tuple[str, ...]:
    # A removed container has no log, and that error must not hide why the replica failed.
    try:
        lines = door.logs(replica.id, LOG_LINES)
    except (EngineError, EngineUnreachable):
        return ()
    return (f"the last lines of {replica.name}:", *(f"  {line}" for line in lines)) if lines else ()
