"""What a pull did not bring, and compose does not fetch either."""

from __future__ import annotations

from composeroll.errors import Refused
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.planning.counting import replicas_wanted
from composeroll.rollout.planning.outgoing import Reasons


def insist_on_images(observed: Observed, leaving: Reasons) -> None:
    """New replicas need their image on the engine.

    Raises:
        Refused: new replicas are called for, and their image is not on the engine.
    """
    missing = [s for s in observed.services if not s.image and _creates(s, leaving)]
    if missing:
        which = ", ".join(f"{s.reference} of {s.name}" for s in missing)
        help_ = "; ".join(map(_how_to_get, missing))
        raise Refused(f"new replicas need an image that is not on the engine: {which}", help=help_)


def _creates(state: ServiceState, leaving: Reasons) -> bool:
    staying = [r for r in state.serving if r.id not in leaving]
    return len(staying) < replicas_wanted(state, leaving)


def _how_to_get(state: ServiceState) -> str:
    builds = state.service.builds
    return f"docker compose build {state.name}" if builds else f"docker pull {state.reference}"
