"""Containers of a gateway's service that cannot be told of new replicas. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composeroll.errors import GatewayUnread, Refused
from composeroll.model import Finding, Replica, Severity
from composeroll.rollout.observing.observed import Wiring


def require_all_reached(
    places: Mapping[str, Wiring | Refused], late: Sequence[Replica]
) -> Mapping[str, Wiring | Refused]:
    """Return the places, with a refusal for each service behind a gateway that is partly not up.

    Args:
        places: the services' places, by name.
        late: running containers whose nginx has not begun, unlike others of their service.
    """
    waits = {container.service: container.name for container in late}
    return {
        name: _not_yet(waits[place.route.gateway])
        if isinstance(place, Wiring) and place.route.gateway in waits
        else place
        for name, place in places.items()
    }


def down_findings(gateway: str, service: str, replicas: Sequence[Replica]) -> Iterator[Finding]:
    """Warn of stopped gateway containers: started later, they use their outdated upstream.

    Args:
        gateway: the service that runs nginx.
        service: the service that it sends requests to.
        replicas: the project's containers.
    """
    down = [r.name for r in replicas if r.service == gateway and not r.running]
    if down:
        names, do = " and ".join(down), "does" if len(down) == 1 else "do"
        yield Finding(
            Severity.WARNING,
            f"{names} {do} not run, so nginx there is not told of the new replicas",
            f"`docker rm {' '.join(down)}`; or `composeroll sync {service}` once nginx runs there",
        )


def _not_yet(name: str) -> GatewayUnread:
    return GatewayUnread(
        f"{name} runs no nginx yet, unlike others of its service: it cannot be told of new"
        " replicas",
        help=f"see `docker logs {name}`; once nginx runs there, or `docker rm -f {name}`, run the"
        " same command again",
    )
