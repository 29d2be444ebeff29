"""Makers of what the tests put in: services, replicas, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from composeroll.config.project import Service, read_project
from composeroll.model import Attachment, ContainerState, Protocol, Replica, Route, Server, Upstream
from composeroll.rollout.observing.observed import Observed, Places, ServiceState, Wiring
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
MOVED = "image aaaaaaaaaaaa → bbbbbbbbbbbb"


def service(name: str = "app", **raw: Any) -> Service:  # noqa: ANN401 - as in YAML
    """A service of the compose file."""
    model = {"name": "shop", "services": {name: {"image": f"{name}:1", **raw}}}
    return read_project(model, []).services[name]


def ours(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - as in YAML
    """The settings of a service as its file holds them."""
    return {"x-composeroll": settings}


def replica(
    number: int,
    image: str = OLD,
    *,
    of: str = "app",
    name: str = "",
    state: ContainerState = ContainerState.RUNNING,
) -> Replica:
    """A container, its address ending in its number."""
    running = state is ContainerState.RUNNING
    return Replica(
        id=f"{number:x}" * 64,
        name=name or f"shop-{of}-{number}",
        service=of,
        number=number,
        image=image,
        state=state,
        networks=(Attachment("n1", "shop_default", f"10.0.0.{number}" if running else ""),),
    )


def wiring(*numbers: int, upstream: str = "app", gateways: Sequence[str] = ("g1",)) -> Wiring:
    """A place in the gateway that names the replicas of these numbers."""
    route = Route(
        "nginx",
        tuple(gateways),
        upstream,
        f"/etc/nginx/{upstream}.conf",
        80,
        Protocol.HTTP,
        "n1",
    )
    servers = tuple(Server(f"10.0.0.{number}:80") for number in numbers)
    return Wiring(route, Upstream(upstream, servers), dict.fromkeys(gateways, "as it was"))


def state(
    replicas: Sequence[Replica],
    place: Wiring | None = None,
    *,
    of: Service | None = None,
    **more: Any,  # noqa: ANN401 - fields of ServiceState
) -> ServiceState:
    """A service whose reference names NEW: what has OLD is outdated."""
    outdated = {r.id: MOVED for r in replicas if r.image == OLD}
    fields: dict[str, Any] = {"outdated": outdated, "image": NEW, "reference": "app:1"} | more
    return ServiceState(of or service(), tuple(replicas), wiring=place, **fields)


def plan(*states: ServiceState, force: bool = False) -> str:
    """The plan's text."""
    observed = Observed("shop", states)
    return str(plan_rollout(observed, outgoing(observed, force=force)))


def engine_of(**said: Callable[..., Any]) -> Any:  # noqa: ANN401 - one whose answers are told
    """An engine that answers as given, and else that there is nothing."""
    nothing = {
        "replicas": lambda: (),
        "names": frozenset,
        "image_id": lambda _: None,
        "verdicts": lambda _: {},
        "preflight": lambda _: (),
        "highest_detached": lambda _: 0,
    }
    return SimpleNamespace(**nothing | said)


NO_GATEWAYS: Any = SimpleNamespace(look=lambda *_, **_more: Places())
"""A survey that finds none."""
