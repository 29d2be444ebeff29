"""The services behind a gateway: nobody is to roll them while the gateway itself is replaced."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.rollout.stack import Stack
from composeroll.rollout.survey.likely import may_be_gateways


def behind(stack: Stack, names: Sequence[str]) -> tuple[str, ...]:
    """The services that those of the named ones send requests to that are gateways.

    Two rollouts of two services go on side by side, since neither asks for the other's; one of
    their gateway and one of theirs exclude each other.
    """
    if not may_be_gateways(stack.project) & set(names):
        return ()
    services = stack.project.pick(names)
    places = stack.survey.look(stack.project, services, stack.engine.replicas(), preflight=False)
    found = {service for front in places.fronts.values() for service in front.behind}
    return tuple(sorted(found - set(names)))
