"""Services that no nginx of the project sends requests to: they get no switch and no drain.

That is right for a background worker, but unexpected if an nginx outside the project serves it.
"""

from __future__ import annotations

from composeroll.config.settings import NO_GATEWAY
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.plan import Plan


def unrouted(observed: Observed, plan: Plan) -> str:
    """Return a note about those that the plan changes, empty if there are none.

    Services with `gateway: none` are left out, since the user has said so.
    """
    names = [s.name for s in observed.services if s.name in plan.brings and _is_unrouted(s)]
    if not names:
        return ""
    rolled = "it is" if len(names) == 1 else "they are"
    return (
        f"no nginx of this project sends requests to {' and '.join(names)}: {rolled} replaced"
        f" without a switch (`x-composeroll: {{gateway: {NO_GATEWAY}}}` says that this is intended)"
    )


def _is_unrouted(state: ServiceState) -> bool:
    known = state.wiring or state.front or state.data_only or state.ends
    return not known and state.service.settings.gateway != NO_GATEWAY
