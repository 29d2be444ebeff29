"""Whether a container's network namespace has an address. Pure, except `is_cut_off`.

`/proc/net/fib_trie` lists the IPv4 addresses, and `/proc/net/if_inet6` the IPv6 addresses, of the
reading process's namespace.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from composeroll.errors import EngineError
from composeroll.model import Attachment
from composeroll.nginx.door import ContainerDoor

TABLES = ("cat", "/proc/net/fib_trie", "/proc/net/if_inet6")
"""Without IPv6 the second file is missing; `cat` still prints the first one."""

_IPV4 = re.compile(r"\|-- (\S+)\n +/32 host LOCAL")
_COLUMNS, _DIGITS = 6, 32
"""Columns of a row of if_inet6 (address, index, prefix length, scope, flags, interface), and digits
of the address."""


def is_cut_off(door: ContainerDoor, container: str, places: Iterable[Attachment]) -> bool:
    """Return whether a container's namespace has none of the addresses of these attachments.

    False if that is unknown: the image has no `cat`, the container has just stopped, or there are
    no addresses.
    """
    wanted = frozenset(filter(None, (ip for place in places for ip in (place.ipv4, place.ipv6))))
    with suppress(EngineError):
        return lacks_addresses(door.execute(container, TABLES).stdout, wanted)
    return False


def lacks_addresses(text: str, wanted: frozenset[str]) -> bool:
    """Return whether none of the wanted bare addresses is in the tables.

    False if the tables lack an address family that is wanted: a sandbox's kernel may show only one.
    """
    there = {*map(ipaddress.ip_address, _IPV4.findall(text)), *_ipv6(text)}
    asked = {ipaddress.ip_address(address) for address in wanted}
    told = {address.version for address in there}
    return bool(asked) and not asked & there and {address.version for address in asked} <= told


def _ipv6(text: str) -> Iterator[ipaddress.IPv6Address]:
    rows = (line.split() for line in text.splitlines())
    found = (row[0] for row in rows if len(row) == _COLUMNS and len(row[0]) == _DIGITS)
    return (ipaddress.IPv6Address(bytes.fromhex(digits)) for digits in found)
