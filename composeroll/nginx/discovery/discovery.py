"""Find a service's place in the gateway: upstream, include, port and protocol.

Pure, except that it reads the user's own template if there is one.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from composeroll.model import Protocol, Server, Upstream
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.dump import folded
from composeroll.nginx.configuration.passes import Pass
from composeroll.nginx.configuration.upstreams import (
    DEFAULT_PORT,
    UpstreamBlock,
    host_and_port,
    without,
)
from composeroll.nginx.discovery import refusals
from composeroll.nginx.discovery.claims import (
    claims,
    others_in,
    passes_to,
    ports_of,
    stand_in_ports,
)
from composeroll.nginx.discovery.subject import Subject, Wanted
from composeroll.nginx.include import added_by, written_by

__all__ = ["Found", "Subject", "Wanted", "direct_passes", "discover", "without_added"]


class Found(Struct, frozen=True):
    """A service's place in the gateway.

    Attributes:
        upstream: the upstream in nginx's configuration; without servers if the include does not
            exist yet.
        include: absolute path, inside the gateway, of the file that has only this upstream.
        because: the sign by which it was found, as the end of a sentence.
        tls: whether every pass that uses it speaks TLS.
        template: path of the user's own template of the include, or None. `upstream` leaves out the
            servers that the template itself adds: they are not replicas.
    """

    upstream: Upstream
    include: str
    port: int
    protocol: Protocol
    because: str
    tls: bool = False
    template: str | None = None


def discover(configuration: Configuration, subject: Subject, wanted: Wanted) -> Found | None:
    """Return the service's place, None for a service to which nginx sends nothing: a worker.

    Raises:
        Refused: it is ambiguous, or cannot be rewritten safely; the help names the setting to add.
    """
    if wanted.include:
        wanted = replace(wanted, include=folded(wanted.include))
    if wanted.upstream or wanted.include:
        block, because = _chosen(configuration, wanted), "the settings say so"
        if block is None:
            return _new_include(configuration, subject, wanted)
    else:
        claimed = _claimed(configuration, subject, wanted)
        if claimed is None:
            return None
        block, because = claimed
    return _found(configuration, subject, wanted, block, because)


def _claimed(
    configuration: Configuration, subject: Subject, wanted: Wanted
) -> tuple[UpstreamBlock, str] | None:
    found = claims(configuration, subject, wanted)
    if len(found) > 1:
        raise refusals.several_upstreams(subject, [claim.block for claim in found])
    if found:
        return found[0].block, found[0].because
    if straight := direct_passes(configuration, subject):
        raise refusals.no_upstream(configuration, subject, straight)
    for block in configuration.upstreams:
        owner = written_by(configuration.files[block.place.file])
        if owner and passes_to(configuration, block) and _leads_to(block, subject, owner):
            raise refusals.owned(subject, block, owner)
    return None


def _leads_to(block: UpstreamBlock, subject: Subject, owner: tuple[str, str]) -> bool:
    """Return whether a file leads to the service although its first line names another service.

    The service was renamed, or the file was copied. Addresses count only in a file of another
    project: in this project's files they may be from before a restart, and `sync` repairs them.
    """
    hosts = {host_and_port(server.address, DEFAULT_PORT)[0] for server in block.upstream.servers}
    moved = owner[0] != subject.project and not hosts.isdisjoint(subject.addresses)
    return moved or any(map(subject.named, hosts))


def _chosen(configuration: Configuration, wanted: Wanted) -> UpstreamBlock | None:
    """Return the upstream that the settings name, None if its include does not exist yet."""
    if wanted.include in configuration.files or wanted.include is None:
        found = [
            block
            for block in configuration.upstreams
            if wanted.upstream in (None, block.upstream.name)
            if wanted.include in (None, block.place.file)
        ]
        if len(found) != 1:
            raise refusals.not_exactly_one(configuration, wanted, found)
        return found[0]
    if configuration.included_by(wanted.include) is None:
        raise refusals.not_included(configuration, wanted.include)
    return None


def _new_include(configuration: Configuration, subject: Subject, wanted: Wanted) -> Found:
    include = wanted.include or ""
    if wanted.upstream is None:
        raise refusals.name_unknown(subject, include)
    elsewhere = [b for b in configuration.upstreams if b.upstream.name == wanted.upstream]
    if elsewhere:
        raise refusals.not_exactly_one(configuration, wanted, elsewhere)
    port = wanted.port or _only(subject.exposed)
    if port is None:
        raise refusals.port_unknown(subject, wanted.upstream)
    protocol = wanted.protocol or Protocol.TCP
    upstream, because = Upstream(wanted.upstream), "the settings say so"
    return Found(upstream, include, port, protocol, because, template=wanted.template)


def _found(
    configuration: Configuration,
    subject: Subject,
    wanted: Wanted,
    block: UpstreamBlock,
    because: str,
) -> Found:
    if not block.alone:
        raise refusals.file_not_separate(configuration, subject, block)
    owner = written_by(configuration.files[block.place.file])
    if owner not in (None, (subject.project, subject.service)):
        raise refusals.owned(subject, block, owner)
    block = replace(block, upstream=without_added(block.upstream, subject, wanted.template))
    if owner is None and (strangers := others_in(block, subject)):
        raise refusals.foreign_servers(subject, block, strangers)
    said = ports_of(block) or stand_in_ports(block)
    port = wanted.port or _only(said) or _only(subject.exposed)
    if port is None:
        raise refusals.port_unknown(subject, block.upstream.name)
    protocol = wanted.protocol or _protocol(configuration, subject, block)
    uses = passes_to(configuration, block)
    tls = bool(uses) and all(use.tls for use in uses)
    include, template = block.place.file, wanted.template
    return Found(block.upstream, include, port, protocol, because, tls, template)


def without_added(upstream: Upstream, subject: Subject, template: str | None) -> Upstream:
    """Return an upstream without the servers that the user's template itself adds.

    The template may add the service's own name as a spare (`backup` or `down`). In the upstream, a
    usual server with that name stands for the replicas, and is kept.

    Raises:
        Refused: the template adds the service's own name as a usual server.
    """
    if not template:
        return upstream
    added = added_by(template, upstream, subject.project, subject.service)
    if names := [s.address for s in added if not _is_spare(s) and _goes_by_name(s, subject)]:
        raise refusals.by_name_in_template(subject, template, names)
    kept = {server.address for server in added}
    mine = (s for s in upstream.servers if s.address in kept)
    return without(upstream, [s for s in mine if _is_spare(s) or not _goes_by_name(s, subject)])


def _is_spare(server: Server) -> bool:
    return not {"backup", "down"}.isdisjoint(server.parameters)


def _goes_by_name(server: Server, subject: Subject) -> bool:
    return subject.named(host_and_port(server.address)[0])


def _protocol(configuration: Configuration, subject: Subject, block: UpstreamBlock) -> Protocol:
    """Return the protocol of the passes that use an upstream.

    If no pass is known to use it, the protocol is TCP: a replica proves itself by its port alone.
    So it is for a server that nginx reaches over both TCP and UDP, such as a DNS server.
    """
    uses = passes_to(configuration, block)
    spoken = {use.protocol for use in uses}
    if Protocol.TCP in spoken:
        spoken.discard(Protocol.UDP)
    if len(spoken) > 1:
        raise refusals.two_protocols(subject, block, uses)
    return spoken.pop() if spoken else Protocol.TCP


def direct_passes(configuration: Configuration, subject: Subject) -> tuple[Pass, ...]:
    """Return the passes that name the service itself, without an upstream."""
    upstreams = [(block.upstream.name, block.context) for block in configuration.upstreams]
    return tuple(
        p
        for p in configuration.passes
        if not any(p.uses(*upstream) for upstream in upstreams)
        if subject.named(p.target) or p.target in subject.addresses
    )


def _only(ports: frozenset[int] | tuple[int, ...]) -> int | None:
    return next(iter(ports)) if len(ports) == 1 else None
