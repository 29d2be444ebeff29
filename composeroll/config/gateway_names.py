"""Whether each service's gateway is a service, and who says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composeroll.config.layers import Layer, shown
from composeroll.config.project import EXTENSION, Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import UsageError

KEY = "gateway"

Find = Callable[[Sequence[str]], str]
"""From nested keys of the compose file to `file:line`; without a line where it is not found."""


def insist_on_gateways(project: Project, strongest: Sequence[Layer], locate: Find) -> None:
    """See that each service's gateway is one of the project.

    Args:
        project: the compose model.
        strongest: the layers that beat the file, strongest first: flags, environment.
        locate: where the file says it.

    Raises:
        UsageError: with the flag, variable or line that names another one.
    """
    for service in project.services.values():
        gateway = service.settings.gateway
        if gateway and gateway not in {NO_GATEWAY, *project.services}:
            raise UsageError(
                f"the gateway of {service.name} is to be {gateway}, and there is no such"
                f" service ({_sayer(service, strongest, locate)})",
                help=f"services: {', '.join(project.services)}; {NO_GATEWAY}, where no nginx"
                " speaks to it",
            )


def _sayer(service: Service, strongest: Sequence[Layer], locate: Find) -> str:
    own = ("services", service.name, EXTENSION, KEY)
    said = [shown(one, KEY) for one in strongest if KEY in one.values]
    lines = [place for place in map(locate, (own, (EXTENSION, KEY))) if ":" in place]
    return (*said, *lines, ".".join(own))[0]
