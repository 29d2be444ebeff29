"""What is likely to run nginx, by the file, its name, its command; and what if it is down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath

from composeroll.config.project import Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import Refused
from composeroll.model import Replica
from composeroll.rollout.survey.stranded import given_up, is_orphaned, may_be_left_behind


def may_be_gateways(project: Project) -> frozenset[str]:
    """The services that the file leads one to take for gateways; all, where it tells nothing."""
    services = project.services.values()
    told = {s.name for s in services if s.may_be_nginx} | {s.settings.gateway for s in services}
    return frozenset(filter(None, told)) & project.services.keys() or frozenset(project.services)


def sounds_like_nginx(replica: Replica) -> bool:
    """Whether its service or its image is called so."""
    return "nginx" in replica.service or "nginx" in replica.image_ref


def is_told_nginx(replica: Replica) -> bool:
    """Whether its first process was started as one."""
    return any(PurePosixPath(word).name == "nginx" for word in replica.command)


def may_run_nginx(replica: Replica, project: Project) -> bool:
    """Whether a setting names its service as a gateway, or it looks like one."""
    named = {service.settings.gateway for service in project.services.values()}
    return replica.service in named or sounds_like_nginx(replica) or is_told_nginx(replica)


def insist_on_nginx(project: Project, service: Service, replicas: Sequence[Replica]) -> None:
    """A project that has an nginx, and it does not run: a rollout would end in the dark.

    Args:
        project: the compose model.
        service: the one that is to be put behind it.
        replicas: the project's containers.

    Raises:
        Refused: with what starts it.
    """
    if project.sharing_volumes_of(service.name):
        return
    named = service.settings.gateway
    meant = [named] if named else [s.name for s in project.services.values() if s.may_be_nginx]
    if meant:
        raise _no_nginx_in(meant[0], project, service, replicas)


def insist_on_all_up(
    project: Project,
    service: Service,
    up: AbstractSet[str],
    replicas: Sequence[Replica],
    cut_off: AbstractSet[str] = frozenset(),
) -> None:
    """No nginx that clients reach speaks to the service: one that is down may, once it is up.

    Args:
        project: the compose model.
        service: the one that nobody speaks to.
        up: the services whose nginx runs.
        replicas: the project's containers.
        cut_off: the services whose nginx runs where no client reaches it.

    Raises:
        Refused: there is one that is down, or cut off.
    """
    if project.sharing_volumes_of(service.name) or service.settings.gateway in up:
        return
    others = project.services.keys() - up - {service.name}
    likely = (r for r in replicas if sounds_like_nginx(r) or is_told_nginx(r))
    down = {r.service for r in likely if not r.running} | cut_off
    if found := sorted(down & others):
        raise _no_nginx_in(found[0], project, service, replicas)


def why_lost(replica: Replica, replicas: Sequence[Replica], project: Project) -> Refused | None:
    """Why no client can reach an nginx that has lost its edge, and what helps; None for others."""
    own = project.services.get(replica.service)
    name, edge = replica.service, own.edge if own else ""
    if is_orphaned(replica, replicas, edge):
        what = f"{name} is cut off: {edge} was made anew without it"
        return Refused(what, help=f"`docker compose up -d --no-deps {name}`")
    if may_be_left_behind(replica, replicas):
        what = f"{name} is cut off: {edge or 'its edge'} was restarted without it"
        return Refused(what, help="`composeroll sync` restarts it")
    if given_up(replica, replicas):
        what = f"no nginx runs in {name}: the engine gave it up before {edge or 'its edge'} ran"
        return Refused(what, help="`composeroll sync` starts it")
    return None


def _no_nginx_in(
    gateway: str, project: Project, service: Service, replicas: Sequence[Replica]
) -> Refused:
    mine = (r for r in replicas if r.service == gateway)
    if lost := next(filter(None, (why_lost(r, replicas, project) for r in mine)), None):
        return lost
    if gateway == service.name:
        return Refused(f"no nginx runs in {gateway}", help=f"`docker compose up -d {gateway}`")
    return Refused(
        f"no nginx runs in {gateway}, so {service.name} cannot be put behind it",
        help=f"`docker compose up -d {gateway}`; for a service that no nginx speaks to, set"
        f" services.{service.name}.x-composeroll.gateway: {NO_GATEWAY}",
    )
