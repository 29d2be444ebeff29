"""Established connections, from the text of `/proc/net/tcp` and `/proc/net/tcp6`."""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from collections.abc import Iterable

from composeroll.model import host_of_address

ESTABLISHED = "01"
"""TCP_ESTABLISHED of the kernel's include/net/tcp_states.h, as /proc prints it."""

LISTEN = "0A"
"""TCP_LISTEN in the same file."""

_REMOTE, _STATE = 2, 3


def connections_by_address(text: str) -> Counter[str]:
    """Return the number of established connections to each remote `host:port`, IPv6 in brackets."""
    rows = (line.split() for line in text.splitlines())
    states = (row for row in rows if len(row) > _STATE and row[0].endswith(":"))
    return Counter(endpoint(row[_REMOTE]) for row in states if row[_STATE] == ESTABLISHED)


def count(text: str, addresses: Iterable[str]) -> dict[str, int]:
    """Return the number of connections to each address; addresses as in an nginx `server` line."""
    found = connections_by_address(text)
    return {address: found[_canonical(address)] for address in addresses}


def any_to(text: str, hosts: Iterable[str]) -> bool:
    """Return whether an established connection goes to one of these bare addresses."""
    wanted = {str(ipaddress.ip_address(host)) for host in hosts}
    return any(host_of_address(remote) in wanted for remote in connections_by_address(text))


def endpoint(text: str) -> str:
    """Return `0500000A:2328` as `10.0.0.5:9000`: addresses are words in the machine's byte order.

    An IPv4-mapped IPv6 address (`::ffff:10.0.0.5`) is returned as IPv4.
    """
    words, _, port = text.partition(":")
    raw = bytes.fromhex(words)
    packed = b"".join(struct.pack("=I", word) for (word,) in struct.iter_unpack(">I", raw))
    return _written(ipaddress.ip_address(packed), int(port, 16))


def _canonical(address: str) -> str:
    host, _, port = address.rpartition(":")
    try:
        return _written(ipaddress.ip_address(host.strip("[]")), int(port))
    except ValueError:
        return address


def _written(host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    if isinstance(host, ipaddress.IPv6Address):
        return f"{host.ipv4_mapped}:{port}" if host.ipv4_mapped else f"[{host}]:{port}"
    return f"{host}:{port}"
