"""What a run that went well says in the end: what runs now, in the words of its verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from composeroll.errors import ComposerollError
from composeroll.report.events import Outcome
from composeroll.report.wording import count_text, short_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from composeroll.model import Replica
    from composeroll.rollout.stack import Stack

RUNS = "{service} runs {image} on {replicas}"
SCALED = "{service} is scaled to {replicas} of {image}"
BACK = "{service} is back at {image} on {replicas}"
ENDED = "{service} has run {image} to its end"
NONE = "{service} has no replicas now"


def ended_with(stack: Stack, outcome: Outcome, services: Sequence[str], words: str) -> str:
    """Return the last sentence of a run; without replicas if the engine cannot list them.

    Args:
        stack: lists the replicas, if anything has changed.
        outcome: how the run ended.
        services: their names.
        words: one of the forms above, empty if the verb changes no replicas.
    """
    plain = ": ".join(filter(None, (", ".join(services), outcome.value)))
    if outcome is not Outcome.UPDATED or not words:
        return plain
    try:
        found = stack.engine.replicas(services)
    except ComposerollError:
        return plain
    return "; ".join(_sentence(name, found, words) for name in services)


def _sentence(service: str, found: Sequence[Replica], words: str) -> str:
    """Return one service's sentence. Services that run once, and data-only ones, may have ended."""
    own = [replica for replica in found if replica.service == service]
    counted = [replica for replica in own if replica.running] or own
    images = dict.fromkeys(short_image(replica.image) for replica in counted)
    replicas = count_text(len(counted), "replica")
    form = (ENDED if all(r.over for r in counted) else words) if counted else NONE
    return form.format(service=service, image=" and ".join(images), replicas=replicas)
