"""Which services a command line means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from composeroll.config.settings import Order
from composeroll.errors import EngineError, Refused, UsageError
from composeroll.report.events import Noted
from composeroll.rollout.observing.carrying import only_idles
from composeroll.rollout.observing.observed import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from collections.abc import Set as AbstractSet

    from composeroll.config.project import Project, Service
    from composeroll.report.events import Emit
    from composeroll.rollout.stack import Stack


def services_of(stack: Stack, named: tuple[str, ...], *, everything: bool) -> tuple[str, ...]:
    """The services that are meant.

    Raises:
        UsageError: none was named; it lists those that could be. Or both was said.
    """
    if everything and named:
        raise UsageError("give service names or --all, not both")
    if everything:
        return _without_ended(stack, _without_gateways(stack))
    if not named:
        raise UsageError(
            "which service? name one or more, or give --all",
            help=f"services in this file: {', '.join(stack.project.services)}",
        )
    return named


def _without_gateways(stack: Stack) -> tuple[str, ...]:
    """`all_but_nginx`, and who only looks like nginx finds out why nothing happens to it."""
    gateways = _gateways(stack)
    for name in sorted(_left_alone(stack, gateways)):
        helps = _what_updates(stack.project.services[name])
        stack.world.emit(Noted(f"{name} is treated as a gateway and left alone: {helps}"))
    return _all_but(stack, gateways)


def _what_updates(gateway: Service) -> str:
    """An nginx without an edge is refused, unless a gap is accepted: see `checks.gateway`."""
    if gateway.edge or gateway.settings.order is Order.STOP_FIRST:
        return f"`composeroll update {gateway.name}` updates it"
    return f"`composeroll check {gateway.name}` says what its update needs"


def _without_ended(stack: Stack, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services without those that ran once and have ended, unless others wait for them.

    A new version of copied code, or of a migration, has to run before the services that need it.
    """
    replicas, project = stack.engine.replicas(), stack.project
    work = {r.service for r in replicas if not r.finished}
    ended = {r.service for r in replicas} - work
    ended -= {n for n in ended if project.sharing_volumes_of(n) or project.must_end(n)}
    for name in (name for name in names if name in ended):
        note = f"{name} has ended and is left alone: `composeroll update {name}` runs it again"
        stack.world.emit(Noted(note))
    return tuple(name for name in names if name not in ended)


def all_but_nginx(stack: Stack) -> tuple[str, ...]:
    """Return every service, except those that a command only touches by name.

    These are services of inactive profiles, gateways that publish their ports themselves, and the
    edges of gateways.
    """
    return _all_but(stack, _gateways(stack))


def _all_but(stack: Stack, gateways: AbstractSet[str]) -> tuple[str, ...]:
    project = stack.project
    services = project.services.values()
    kept = _left_alone(stack, gateways) | _edges(stack, gateways)
    kept |= {service.name for service in services} - _active(stack)
    return tuple(service.name for service in services if service.name not in kept)


def _left_alone(stack: Stack, gateways: AbstractSet[str]) -> AbstractSet[str]:
    """Return the active gateways that cannot be replaced without closing their ports."""
    services = stack.project.services
    return {name for name in gateways & _active(stack) if not _goes_beside(services[name])}


def _active(stack: Stack) -> AbstractSet[str]:
    """Return the active services; compose, which takes a process, is only asked about profiles."""
    services = stack.project.services
    profiles = any(service.profiles for service in services.values())
    return services.keys() & stack.active() if profiles else services.keys()


def active_services(
    project: Project, shown: Callable[[], Collection[str]], emit: Emit
) -> Collection[str]:
    """Return the active services as compose lists them; if it fails, those without profiles.

    Compose fails if an active service depends on an inactive one, as `up` would. A note says so.
    """
    try:
        return shown()
    except EngineError as error:
        what = f"which profiles are active is unknown: {error.what}"
        emit(Noted(f"{what}; services that have profiles are left alone"))
        return tuple(s.name for s in project.services.values() if not s.profiles)


def _edges(stack: Stack, gateways: AbstractSet[str]) -> set[str]:
    """Return services whose network namespace a gateway shares, or may share if they only idle."""
    tenants = [s for s in stack.project.services.values() if s.edge]
    edges = {s.edge for s in tenants if s.name in gateways}
    others = {s.edge for s in tenants} - edges
    replicas = stack.engine.replicas() if others else ()
    return edges | {e for e in others if only_idles([r for r in replicas if r.service == e])}


def _gateways(stack: Stack) -> set[str]:
    """Return the gateways: named by a setting, or by name or image nginx, or by what runs."""
    services = stack.project.services
    named = {s.settings.gateway for s in services.values() if s.settings.gateway} & services.keys()
    guessed = {s.name for s in services.values() if s.may_be_nginx} - named
    if len(named | guessed) > 1:
        guessed -= _something_else(stack, guessed)
    return named | guessed or _in_front(stack)


def _something_else(stack: Stack, guessed: set[str]) -> set[str]:
    """Those that run, and are not nginx though they are called so: an exporter of its metrics.

    What cannot run twice stays a gateway, since `--all` would be refused on its account.
    """
    services, replicas = stack.project.services, stack.engine.replicas()
    running = {r.service for r in replicas if r.running}
    doubtful = {name for name in guessed & running if not services[name].obstacles}
    if not doubtful:
        return doubtful
    try:
        places = stack.survey.look(
            stack.project, tuple(services.values()), replicas, preflight=False
        )
    except Refused:
        return set()
    unclear = {name for name, place in places.wirings.items() if isinstance(place, Refused)}
    return doubtful - places.fronts.keys() - unclear if places.fronts else set()


def _goes_beside(service: Service) -> bool:
    """Whether the file lets two containers of this gateway share an edge's ports."""
    beside = service.settings.order is Order.START_FIRST
    return bool(service.edge) and beside and service.is_scalable


def _in_front(stack: Stack) -> set[str]:
    """The services whose nginx sends requests to others."""
    services = tuple(stack.project.services.values())
    found = stack.survey.look(stack.project, services, stack.engine.replicas(), preflight=False)
    return {place.route.gateway for place in found.wirings.values() if isinstance(place, Wiring)}
