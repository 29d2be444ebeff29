"""Which services probably run nginx, and what to refuse if such a service is down. Pure."""

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
    """Return the services that the compose file suggests are gateways; all if it suggests none."""
    services = project.services.values()
    named = {s.name for s in services if s.may_be_nginx} | {s.settings.gateway for s in services}
    return frozenset(filter(None, named)) & project.services.keys() or frozenset(project.services)


def sounds_like_nginx(replica: Replica) -> bool:
    """Return whether its service's or image's name contains `nginx`."""
    return "nginx" in replica.service or "nginx" in replica.image_ref


def starts_nginx(replica: Replica) -> bool:
    """Return whether its command starts nginx."""
    return any(PurePosixPath(word).name == "nginx" for word in replica.command)


def may_run_nginx(replica: Replica, project: Project) -> bool:
    """Return whether a setting names its service as a gateway, or it looks like nginx."""
    named = {service.settings.gateway for service in project.services.values()}
    return replica.service in named or sounds_like_nginx(replica) or starts_nginx(replica)


def require_nginx(project: Project, service: Service, replicas: Sequence[Replica]) -> None:
    """Refuse a rollout if the project's nginx does not run: no request would reach the service.

    Args:
        project: the compose model.
        service: the service to put behind it.
        replicas: the project's containers.

    Raises:
        Refused: with the command that starts nginx.
    """
    if project.sharing_volumes_of(service.name):
        return
    named = service.settings.gateway
    meant = [named] if named else [s.name for s in project.services.values() if s.may_be_nginx]
    if meant:
        raise _no_nginx_in(meant[0], project, service, replicas)


def require_all_running(
    project: Project,
    service: Service,
    up: AbstractSet[str],
    replicas: Sequence[Replica],
    cut_off: AbstractSet[str] = frozenset(),
) -> None:
    """Refuse a service without a place while an nginx is down that may send it requests once up.

    Args:
        project: the compose model.
        service: the service that no running nginx sends requests to.
        up: the services whose nginx runs.
        replicas: the project's containers.
        cut_off: the services whose nginx runs where no client reaches it.

    Raises:
        Refused: an nginx is down, or cut off.
    """
    if project.sharing_volumes_of(service.name) or service.settings.gateway in up:
        return
    others = project.services.keys() - up - {service.name}
    likely = (r for r in replicas if sounds_like_nginx(r) or starts_nginx(r))
    down = {r.service for r in likely if not r.running} | cut_off
    if found := sorted(down & others):
        raise _no_nginx_in(found[0], project, service, replicas)


def why_lost(replica: Replica, replicas: Sequence[Replica], project: Project) -> Refused | None:
    """Return why no client can reach an nginx without its edge, and what helps; else None."""
    own = project.services.get(replica.service)
    name, edge = replica.service, own.edge if own else ""
    if is_orphaned(replica, replicas, edge):
        what = f"{name} is cut off: {edge} was recreated without it"
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
        help=f"`docker compose up -d {gateway}`; if no nginx sends requests to {service.name}, set"
        f" services.{service.name}.x-composeroll.gateway: {NO_GATEWAY}",
    )
