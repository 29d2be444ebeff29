"""The gateway containers of a run, with one object for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from composeroll.errors import EngineError, GatewayError, GatewayUnread
from composeroll.model import Finding, Held, Replica
from composeroll.nginx.access_log.traffic import Traffic
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.discovery.discovery import Found, Subject
from composeroll.nginx.door import ContainerDoor
from composeroll.nginx.findings.container import (
    container_findings,
    hard_to_write,
    socket_access_findings,
)
from composeroll.nginx.findings.failover import failover_findings
from composeroll.nginx.findings.include import include_findings
from composeroll.nginx.findings.lost import lost_findings
from composeroll.nginx.findings.reload import reload_findings
from composeroll.nginx.findings.sharing import (
    SYSCTL,
    migration_findings,
    quit_findings,
    sharing_findings,
)
from composeroll.nginx.findings.stray import moved_findings, stray_findings
from composeroll.nginx.findings.unread import hidden_backends
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.gateways import Gateways, PreviousTexts
from composeroll.nginx.install import Texts
from composeroll.nginx.mounts import mount_under
from composeroll.nginx.processes.namespace import is_cut_off

MIGRATE_FILE = f"/proc/sys/{SYSCTL.replace('.', '/')}"


class ProjectGateways:
    """nginx in all gateway containers of one project."""

    def __init__(self, door: ContainerDoor) -> None:
        self._door = door
        self._known: dict[str, Gateway] = {}
        self._quitting: dict[str, Gateway] = {}

    def runs_in(self, container: Replica) -> bool:
        """Return whether an nginx that takes requests runs in it; only then it is a gateway.

        An nginx that is quitting accepts no connections and no configuration, but its workers still
        send requests to their upstreams.
        """
        try:
            workers = self._gateway(container).workers()
        except GatewayError:
            self._known.pop(container.id, None)
            return False
        self._quitting.pop(container.id, None)  # it may have been started again since
        if workers.quitting:
            self._quitting[container.id] = self._known.pop(container.id)
        return not workers.quitting

    def quits(self, container: Replica) -> bool:
        """Return whether its nginx was quitting at the last call of `runs_in`."""
        return container.id in self._quitting

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Return whether its network namespace has none of the edge's addresses."""
        return is_cut_off(self._door, container.id, edge.networks)

    def keep(self, containers: Sequence[Replica]) -> None:
        """Forget every gateway except these: the others have ended."""
        running = {container.id for container in containers}
        for known in (self._known, self._quitting):
            for gone in known.keys() - running:
                del known[gone]

    def configuration(self, container: Replica) -> Configuration:
        """Return what `nginx -T` prints there.

        Raises:
            GatewayUnread: nginx rejects its current files, so it would also reject a new include;
                or the test could not be run.
        """
        try:
            return self._gateway(container).configuration()
        except GatewayError as error:
            raise GatewayUnread(
                f"{error.what} in {container.name}",
                help=error.help or "fix the file that it names: until then nginx reloads nothing",
                evidence=error.evidence,
            ) from error

    def findings(
        self, container: Replica, subject: Subject, found: Found, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Return what in its configuration and mounts would hurt a rollout of this upstream."""
        known = self._gateway(container).known
        written_at = self._written_at(container, found.include)
        hard = hard_to_write(container, written_at)
        return (
            *reload_findings(known, drain_timeout),
            *container_findings(
                container, written_at, self._gateway(container).mount_table() if hard else ""
            ),
            *include_findings(
                known, found, container.mounts, read_only=container.read_only, written_at=written_at
            ),
            *lost_findings(known, subject, found),
            *stray_findings(known, subject, found),
            *moved_findings(known, subject, found),
            *failover_findings(known, found),
        )

    def _written_at(self, container: Replica, include: str) -> str:
        """Return the path that writing an include changes; links matter only if it is read-only."""
        mount = mount_under(include, container.mounts)
        writable = mount.writable if mount else not container.read_only
        return include if writable else self._gateway(container).real_path(include)

    def switch(self, texts: Mapping[str, Texts], back: PreviousTexts = dict) -> None:
        """Install and reload everywhere, or nowhere: see `composeroll.nginx.gateways`."""
        self._all_with(texts).switch(texts, back)

    def restore(self, texts: Mapping[str, Texts]) -> None:
        """Write previous texts again and reload, in every gateway that takes them."""
        self._all.restore({id_: some for id_, some in texts.items() if id_ in self._known})
        self._all_with(texts)  # after the others are restored, since this may raise

    @property
    def settled(self) -> bool:
        """Whether every nginx certainly uses its current files, after the reloads of this run."""
        return self._all.settled

    def read(self, container: str, path: str) -> str | None:
        """Return an include's text in the gateway, None if there is no such file."""
        return self._all_with([container]).read(container, path)

    def untouched(self, container: str, path: str) -> bool:
        """Return whether an include is unchanged since this run last read or wrote it."""
        return self._all_with([container]).untouched(container, path)

    def old_workers(self, services: Collection[str]) -> int:
        """Return how many workers from before the last reload still run in these gateways."""
        own, others = self._of(services)
        return Gateways(own).old_workers() + sum(map(_left_in, others))

    def also_reaching(self, services: Collection[str], hosts: Collection[str]) -> frozenset[str]:
        """Return the gateways of other services whose old workers hold connections to these hosts.

        An nginx that now sends requests to these services' nginx may have sent them straight to
        the replicas before, and its websockets stay connected to them.
        """
        known = (*self._known.values(), *self._quitting.values())
        others = [one for one in known if one.container.service not in services]
        return frozenset(one.container.id for one in others if _reaches(one, hosts))

    def front_findings(
        self, container: Replica, edge: Replica | None, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Return what would hurt if this nginx is replaced by another one on the same ports."""
        known = self._gateway(container).known
        found = (
            *quit_findings(container.service, container.stop_signal),
            *reload_findings(known, drain_timeout),
            *socket_access_findings(
                container.service, shows=self._gateway(container).shows_sockets()
            ),
            *hidden_backends(known, container.service),
        )
        if edge is None:
            return found
        setting = self._door.execute(container.id, ("cat", MIGRATE_FILE)).stdout.strip()
        return (*sharing_findings(known), *migration_findings(edge.service, setting), *found)

    def held(self, services: Collection[str], leaving: Collection[str]) -> Held:
        """Return what these workers still hold; `leaving` are the outgoing replicas' addresses."""
        own, others = self._of(services)
        total = Gateways(own).held(leaving)
        for gateway in others:
            total += _held_by(gateway, leaving)
        return total

    def connections_to(
        self, services: Collection[str], addresses: Sequence[str]
    ) -> Mapping[str, int]:
        """Return the established connections from these gateways, by address."""
        own, others = self._of(services)
        return Gateways((*others, *own)).connections_to(addresses)

    def traffic(self, containers: Sequence[str], upstream: str) -> Traffic:
        """Follow the access logs of these gateways for an upstream's answers, from now on."""
        return self._all_with(containers).traffic(containers, upstream)

    @property
    def _all(self) -> Gateways:
        return Gateways(self._known.values())

    def _of(self, chosen: Collection[str]) -> tuple[Sequence[Gateway], Sequence[Gateway]]:
        """Return the gateways of some services that take requests, and those that may end soon.

        The latter are quitting, or chosen by their full ID.
        """
        taking, quitting = self._known.values(), self._quitting.values()
        own = [one for one in taking if one.container.service in chosen]
        ending = [one for one in quitting if one.container.service in chosen]
        return own, [*ending, *(one for one in (*taking, *quitting) if one.container.id in chosen)]

    def _all_with(self, containers: Iterable[str]) -> Gateways:
        """Return all gateways, which must include these full IDs.

        Raises:
            GatewayError: one of them is not a gateway, since its nginx quits or has not begun.
        """
        for container in containers:
            if container not in self._known:
                raise GatewayError(f"no nginx that takes requests runs in {container[:12]}")
        return self._all

    def _gateway(self, container: Replica) -> Gateway:
        if container.id not in self._known:
            self._known[container.id] = Gateway(self._door, container)
        return self._known[container.id]


def _left_in(gateway: Gateway) -> int:
    """Return how many old workers an nginx has; 0 if it has ended."""
    try:
        return gateway.old_workers()
    except GatewayError:
        return 0


def _held_by(gateway: Gateway, leaving: Collection[str]) -> Held:
    """Return what its old workers hold; nothing if it has ended."""
    try:
        return gateway.held(leaving)
    except (GatewayError, EngineError) as error:
        left = _left_in(gateway)
        return Held(left, unknown=error.what) if left else Held()


def _reaches(gateway: Gateway, hosts: Collection[str]) -> bool:
    """Return whether its old workers hold connections to these addresses (without ports).

    If the connections of single workers cannot be read, those of all its workers count.
    """
    held = _held_by(gateway, hosts)
    return bool(held.leaving or (held.unknown and gateway.connects_to(hosts)))
