"""The stacks that the tests roll, each with what a finished update of it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sim.edge import NGINX
from tests.sim.images import Behaviour
from tests.sim.world import Sim

EXITING = Behaviour(exits=True)

IN_PLACE = "a name of its own"
"""The stack whose only container compose replaces: no step of that comes past the line."""


def app(replicas: int = 2, *, gateways: int = 1, declared: bool = False, **settings: Any) -> Sim:  # noqa: ANN401 - as in YAML
    """One service behind nginx, and another that must not be touched."""
    raw = ours(**settings) | ({"scale": replicas} if declared else {})
    sim = Sim({"app": raw, "other": {}}, gateways=gateways)
    sim.run("app", replicas)
    sim.run("other", 1)
    sim.wire("app", "other")
    sim.images.push("app", "app-v2")
    return sim


def drained() -> Sim:
    """An old replica that was left to drain, for no longer than a second."""
    sim = app(1, drain={"timeout": "1s", "detach": True})
    assert sim.update("app") == "updated"
    sim.let_pass(5.0)
    return sim


def gateway(replicas: int = 1, *, beside: bool = False) -> Sim:
    """Nginx itself behind an edge, and in front of one service; with `beside` that is new too."""
    raw = {"edge": {}, "nginx": {"network_mode": "service:edge"}, "app": {}}
    sim = Sim(raw)
    for service in ("edge", "app"):
        sim.run(service, 1)
    sim.run("nginx", replicas)
    sim.wire("app")
    for service in ("nginx", "app") if beside else ("nginx",):
        sim.images.push(service, f"{service}-v2")
    return sim


def worker(replicas: int = 2, *, declared: bool = False, **settings: Any) -> Sim:  # noqa: ANN401 - as in YAML
    """A service that gets no requests from nginx."""
    raw = ours(**settings) | ({"scale": replicas} if declared else {})
    sim = Sim({"app": raw})
    sim.run("app", replicas)
    sim.images.push("app", "app-v2")
    return sim


def code(*, replicas: int = 2, gateways: int = 1) -> Sim:
    """php-fpm with its code in two data-only containers."""
    sources = ["applications", "applications1"]
    sim = Sim(
        {"php-fpm": {"volumes_from": sources}, "applications": {}, "applications1": {}},
        gateways=gateways,
    )
    for source in sources:
        sim.run(source, 1, EXITING)
        sim.images.push(source, f"{source}-v2", EXITING)
    sim.run("php-fpm", replicas)
    sim.wire("php-fpm")
    return sim


def pair(**settings: Any) -> Sim:  # noqa: ANN401 - as in YAML
    """Two services behind two gateways; the settings are the first one's."""
    sim = Sim({"app": ours(**settings), "api": {"depends_on": {"app": {}}}}, gateways=2)
    for service in ("app", "api"):
        sim.run(service, 2)
        sim.images.push(service, f"{service}-v2")
    sim.wire("app", "api")
    return sim


def ours(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - as in YAML
    """The settings of a service as its file holds them."""
    return {"x-composeroll": settings}


def named(**settings: Any) -> Sim:  # noqa: ANN401 - as in YAML
    """A service with a name of its own, which compose cannot run twice."""
    sim = Sim({"app": {"container_name": "the-app", **ours(**settings)}, "other": {}})
    sim.run("app")
    sim.wire("app")
    sim.images.push("app", "app-v2")
    return sim


def with_services(sim: Sim) -> tuple[str, ...]:
    """The services that a stack's update names."""
    alone = {"other", "edge"}
    if NGINX in sim.project.services and sim.images.newest("app") == "sha256:app-v1":
        alone.add("app")
    return tuple(name for name in sim.project.services if name not in alone)


STACKS: dict[str, Callable[[], Sim]] = {
    "one replica": lambda: app(1),
    "two replicas": lambda: app(2),
    "three replicas": lambda: app(3),
    "batch 1 of 3": lambda: app(3, batch=1),
    "two gateways": lambda: app(2, gateways=2),
    "worker": lambda: worker(2),
    "worker, batch 1 of 3": lambda: worker(3, batch=1),
    "stop-first": lambda: app(2, declared=True, order="stop-first"),
    IN_PLACE: lambda: named(order="stop-first"),
    "watched": lambda: app(1, monitor="2s"),
    "code and php-fpm": code,
    "two services": pair,
    "gateway": gateway,
    "two gateways behind an edge": lambda: gateway(2),
    "gateway and its service": lambda: gateway(beside=True),
}
