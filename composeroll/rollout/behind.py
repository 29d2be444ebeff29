"""The services behind a gateway, which must not be rolled out while the gateway is replaced."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.rollout.stack import Stack
from composeroll.rollout.survey.likely import may_be_gateways


def behind(stack: Stack, names: Sequence[str]) -> tuple[str, ...]:
    """Return the services behind those of the named ones that are gateways.

    Rollouts of two services run side by side. A rollout of a gateway and one of a service behind it
    exclude each other, so the gateway's rollout takes the locks of these services too.
    """
    if not may_be_gateways(stack.project) & set(names):
        return ()
    services = stack.project.pick(names)
    places = stack.survey.look(stack.project, services, stack.engine.replicas(), preflight=False)
    found = {service for front in places.fronts.values() for service in front.behind}
    return tuple(sorted(found - set(names)))
