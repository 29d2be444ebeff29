"""Which services a command line means."""

from __future__ import annotations

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.errors import UsageError
from composeroll.report.events import Noted
from composeroll.rollout.observed import Wiring
from composeroll.rollout.stack import Stack


def services_of(stack: Stack, named: tuple[str, ...], *, everything: bool) -> tuple[str, ...]:
    """The services that are meant.

    Raises:
        UsageError: none was named; it lists those that could be.
    """
    if everything:
        return _but_for_the_ended(stack, all_but_nginx(stack))
    if not named:
        raise UsageError(
            "which service? name one or more, or say --all",
            help=f"services in this file: {', '.join(stack.project.services)}",
        )
    return named


def _but_for_the_ended(stack: Stack, names: tuple[str, ...]) -> tuple[str, ...]:
    """A migration that was run is not run again by a nightly update."""
    replicas = stack.engine.replicas()
    work = {r.service for r in replicas if not r.finished}
    ended = {r.service for r in replicas} - work
    ended -= {name for name in ended if stack.project.sharing_volumes_of(name)}
    for name in (name for name in names if name in ended):
        note = f"{name} has ended and is left alone: composeroll update {name} runs it again"
        stack.world.emit(Noted(note))
    return tuple(name for name in names if name not in ended)


def all_but_nginx(stack: Stack) -> tuple[str, ...]:
    """Every service but those that have to be named to be touched.

    That is what only an inactive profile shows, a gateway that publishes its ports itself, and
    what another service's network namespace is. Where neither a name nor an image nor a setting
    tells which is the gateway, what runs does.
    """
    project = stack.project
    services = project.services.values()
    told = {s.name for s in services if s.may_be_nginx} | {s.settings.gateway for s in services}
    gateways = told & project.services.keys() or _in_front(stack)
    kept = {s.name for s in services if s.name in gateways and not _goes_beside(s)}
    kept |= {service.edge for service in services}
    kept |= {service.name for service in services if not project.is_active(service)}
    return tuple(service.name for service in services if service.name not in kept)


def _goes_beside(service: Service) -> bool:
    """Whether the file lets two containers of this gateway share an edge's ports."""
    alone = [o for o in service.obstacles if o.key != "network_mode"]
    beside = service.settings.order is Order.START_FIRST
    return bool(service.edge) and beside and not alone


def _in_front(stack: Stack) -> set[str]:
    """The services whose nginx sends requests to others."""
    services = tuple(stack.project.services.values())
    found = stack.survey.wirings(stack.project, services, stack.engine.replicas())
    return {place.route.gateway for place in found.values() if isinstance(place, Wiring)}
