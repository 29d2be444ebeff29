"""Images that a pull did not bring and that compose does not fetch either."""

from __future__ import annotations

from composeroll.errors import Refused
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.counting import replicas_wanted
from composeroll.rollout.planning.outgoing import Reasons


def require_images(observed: Observed, leaving: Reasons) -> None:
    """Refuse new replicas whose image, or a `pre_start` hook's image, is not on the engine.

    Compose pulls no image when it recreates a container, and a hook's missing image would show
    only after the old containers are gone.

    Raises:
        Refused: new replicas are needed, and an image of theirs is not on the engine.
    """
    created = [s for s in observed.services if _creates(s, leaving)]
    missing = {f"{s.reference} of {s.name}": _how_to_get(s) for s in created if not s.image}
    missing |= {f"{i} of {s.name}": f"`docker pull {i}`" for s in created for i in s.lacking}
    if missing:
        which = ", ".join(missing)
        help_ = "; ".join(dict.fromkeys(missing.values()))
        raise Refused(f"new replicas need an image that is not on the engine: {which}", help=help_)


def _creates(state: ServiceState, leaving: Reasons) -> bool:
    staying = [r for r in state.serving if r.id not in leaving]
    return len(staying) < replicas_wanted(state, leaving)


def _how_to_get(state: ServiceState) -> str:
    """A service that is never to be pulled has an image that no registry need know."""
    if state.service.builds:
        return f"`docker compose build {state.name}`"
    if state.service.pull_policy == "never":
        return f"build or load it there, or write one that is there: services.{state.name}.image"
    return f"`docker pull {state.reference}`"
