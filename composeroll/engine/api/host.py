"""Whether the engine's networks can be reached from this machine."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from typing import Any

from composeroll.engine.api.endpoint import Endpoint

BRIDGE_ID_LENGTH = 12
"""A network's bridge is named `br-` and so many digits of its ID (moby's bridge driver)."""

INTERFACES = Path("/sys/class/net")
_IPV6 = Path("/proc/net/if_inet6")
_SIOCGIFADDR = 0x8915
_IFREQ = struct.Struct("16s4x4s16x")  # name, and the address in a sockaddr_in (netdevice(7))

Address = IPv4Address | IPv6Address


def is_local_network(
    endpoint: Endpoint,
    network_id: str,
    subnets: Callable[[], Iterable[str]],
    addresses: Callable[[str], Collection[Address]] | None = None,
    interfaces: Path = INTERFACES,
) -> bool:
    """Return whether this machine is on a container network, so that it can connect to addresses.

    That is so if the engine's socket is local and the network's bridge is among the interfaces; not
    inside a container, and not if the engine runs in a virtual machine. The bridge also needs an
    address, which it lacks with `gateway_mode_ipv4: isolated` or `inhibit_ipv4`.

    Args:
        endpoint: the engine's endpoint.
        network_id: the network's full ID.
        subnets: returns the network's subnets; only called if there is such a bridge.
        addresses: returns the addresses of an interface, by its name.
        interfaces: the directory in which the kernel lists the interfaces.
    """
    bridge = f"br-{network_id[:BRIDGE_ID_LENGTH]}"
    if endpoint.socket_path is None or not (interfaces / bridge).exists():
        return False
    held = (addresses or addresses_of)(bridge)
    told = [ip_network(subnet, strict=False) for subnet in _dialled(subnets())]
    return any(address in subnet for subnet in told for address in held)


def subnets_of(network: dict[str, Any]) -> tuple[str, ...]:
    """Return the subnets in an answer to `GET /networks/ID`."""
    configured = (network.get("IPAM") or {}).get("Config") or ()
    return tuple(one["Subnet"] for one in configured if one.get("Subnet"))


def addresses_of(interface: str) -> tuple[Address, ...]:
    """Return an interface's addresses: its first IPv4 address, and all IPv6 addresses."""
    return (*_ipv4_of(interface), *_ipv6_of(interface))


def _dialled(subnets: Iterable[str]) -> tuple[str, ...]:
    """Return the IPv4 subnets if there are any: replicas are then probed over IPv4."""
    found = tuple(subnets)
    return tuple(subnet for subnet in found if ":" not in subnet) or found


def _ipv4_of(interface: str) -> tuple[IPv4Address, ...]:
    asked = _IFREQ.pack(interface.encode(), b"")
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        _, address = _IFREQ.unpack(fcntl.ioctl(any_socket, _SIOCGIFADDR, asked))
        return (IPv4Address(address),)
    return ()


def _ipv6_of(interface: str) -> tuple[IPv6Address, ...]:
    with suppress(OSError):
        rows = (line.split() for line in _IPV6.read_text(encoding="ascii").splitlines())
        return tuple(IPv6Address(bytes.fromhex(row[0])) for row in rows if row[-1] == interface)
    return ()
