"""Findings about passes to a port of the host that a service publishes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from composeroll.model import Finding, Replica, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.upstreams import DEFAULT_PORT, host_and_port
from composeroll.nginx.discovery.claims import passes_to
from composeroll.nginx.discovery.subject import Subject, addresses

HOSTS_NETWORK = "host"
_LOCAL_NAME = "localhost"
_OF_THE_HOST = ".docker.internal"
"""The suffix of the names by which a container reaches its host."""

_Way = tuple[str, str, int | None]
"""The directive and its place, and the host and the port that it names."""


def published_findings(
    configuration: Configuration, gateway: Replica, subject: Subject
) -> Iterator[Finding]:
    """Yield a refusal for each way from nginx to a port of the host that the service publishes.

    A new replica has another port there, and if none is published, nginx reaches no replica.

    Args:
        configuration: nginx's configuration.
        gateway: the container that nginx runs in.
        subject: the service.
    """
    published = {port for replica in subject.replicas for port in replica.published}
    for where, host, port in dict.fromkeys(_ways(configuration)):
        if port in published and _is_of_the_host(host, gateway, subject):
            name = subject.service
            yield Finding(
                Severity.REFUSAL,
                f"{where} leads to {host}:{port}, and {name} publishes that port of the host,"
                " which a new replica does not have beside an old one",
                f"put nginx on a network of {name}, let it pass to an upstream of {name} with the"
                " port inside its containers, and only then remove the port from"
                f" services.{name}.ports; or accept a gap with --order stop-first; if that is"
                f" another host, set services.{name}.x-composeroll.gateway: none",
            )


def _ways(configuration: Configuration) -> Iterator[_Way]:
    for block in configuration.upstreams:
        up = [s for s in block.upstream.servers if "down" not in s.parameters]
        for server in up if passes_to(configuration, block) else ():
            host, port = host_and_port(server.address, DEFAULT_PORT)
            yield f"upstream {block.upstream.name} ({block.place})", host, port
    for one in configuration.passes:
        yield f"{one.directive} ({one.place})", one.target, one.backend_port


def _is_of_the_host(host: str, gateway: Replica, subject: Subject) -> bool:
    """Return whether a host name or address may be the engine's host, seen from the gateway.

    A private address that is not a container's may be the host's own address in its network.
    """
    on_host = any(place.network == HOSTS_NETWORK for place in gateway.networks)
    try:
        address = ip_address(host)
    except ValueError:
        name = host.lower().removesuffix(".")
        return name.endswith(_OF_THE_HOST) or (on_host and name == _LOCAL_NAME)
    if address.is_loopback:
        return on_host
    host = str(address)  # normalized as by the engine: IPv6 has many spellings
    if any(host in place.gateways for place in gateway.networks):
        return True
    subnets = [subnet for place in gateway.networks for subnet in place.subnets]
    given = any(address in ip_network(subnet, strict=False) for subnet in subnets)
    containers = addresses((*subject.replicas, *subject.others))
    return address.is_private and not given and host not in containers
