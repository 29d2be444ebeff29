"""Containers of a gateway's service that are not told with the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composeroll.errors import GatewayUnread, Refused
from composeroll.model import Finding, Replica, Severity
from composeroll.rollout.observed import Wiring


def insist_on_all_told(
    places: Mapping[str, Wiring | Refused], late: Sequence[Replica]
) -> Mapping[str, Wiring | Refused]:
    """The same, but for the services behind a gateway that does not take requests everywhere.

    Args:
        places: where services stand, by name.
        late: running containers, beside others of their service, whose nginx has not begun.
    """
    waits = {container.service: container.name for container in late}
    return {
        name: _not_yet(waits[place.route.gateway])
        if isinstance(place, Wiring) and place.route.gateway in waits
        else place
        for name, place in places.items()
    }


def down_findings(gateway: str, service: str, replicas: Sequence[Replica]) -> Iterator[Finding]:
    """What is started later names whom it was told of last, or whoever bears a name by then.

    Args:
        gateway: the service that runs nginx.
        service: the one that it sends requests to.
        replicas: the project's containers.
    """
    down = [r.name for r in replicas if r.service == gateway and not r.running]
    if down:
        names, do = " and ".join(down), "does" if len(down) == 1 else "do"
        yield Finding(
            Severity.WARNING,
            f"{names} {do} not run, so that nginx there is not told of the new replicas",
            f"`docker rm {' '.join(down)}`; or `composeroll sync {service}` once nginx runs there",
        )


def _not_yet(name: str) -> GatewayUnread:
    return GatewayUnread(
        f"{name} runs no nginx yet, as others of its service do: it could not be told",
        help=f"see `docker logs {name}`; once nginx runs there, or `docker rm -f {name}`, run the"
        " same command again",
    )
