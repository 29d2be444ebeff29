"""Check that each service's gateway is a service of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composeroll.config.layers import Layer, shown
from composeroll.config.project import EXTENSION, Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import UsageError

KEY = "gateway"

Find = Callable[[Sequence[str]], str]
"""Returns `file:line` of nested keys in the compose file, or the dotted keys if not found."""


def require_gateways(project: Project, strongest: Sequence[Layer], locate: Find) -> None:
    """Check that each service's gateway is a service of the project.

    Args:
        project: the compose model.
        strongest: the layers that override the file, strongest first: flags, environment.
        locate: returns where a key is in the compose file.

    Raises:
        UsageError: a gateway is not a service; names the flag, variable or line that sets it.
    """
    for service in project.services.values():
        gateway = service.settings.gateway
        if gateway and gateway not in {NO_GATEWAY, *project.services}:
            raise UsageError(
                f"the gateway of {service.name} is set to {gateway}, and there is no such"
                f" service ({_set_by(service, strongest, locate)})",
                help=f"services: {', '.join(project.services)}; or {NO_GATEWAY}, if no nginx sends"
                f" requests to {service.name}",
            )


def _set_by(service: Service, strongest: Sequence[Layer], locate: Find) -> str:
    own = ("services", service.name, EXTENSION, KEY)
    said = [shown(one, KEY) for one in strongest if KEY in one.values]
    lines = [place for place in map(locate, (own, (EXTENSION, KEY))) if ":" in place]
    return (*said, *lines, ".".join(own))[0]
