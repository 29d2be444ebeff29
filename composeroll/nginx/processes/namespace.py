"""Whether a container's network namespace has an address, by what its kernel tells. Pure but one.

`/proc/net/fib_trie` lists the IPv4 addresses and `/proc/net/if_inet6` those of IPv6, of the
namespace that the reader lives in.
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
"""Without IPv6 the second one is missing, and `cat` has printed the first all the same."""

_IPV4 = re.compile(r"\|-- (\S+)\n +/32 host LOCAL")
_COLUMNS, _DIGITS = 6, 32
"""Of a row of if_inet6: address, index, length of the prefix, scope, flags, interface."""


def is_cut_off(door: ContainerDoor, container: str, places: Iterable[Attachment]) -> bool:
    """Whether none of these places leads into a container's namespace.

    False where it cannot be told: an image without `cat`, one that ends just now, or a namespace
    without any network.
    """
    wanted = frozenset(filter(None, (ip for place in places for ip in (place.ipv4, place.ipv6))))
    with suppress(EngineError):
        return leads_nowhere(door.execute(container, TABLES).stdout, wanted)
    return False


def leads_nowhere(text: str, wanted: frozenset[str]) -> bool:
    """Whether none of the wanted bare addresses is among those that the tables tell of.

    A kernel that shows one table alone, as a sandbox's own may, says nothing of the other family.
    """
    there = {*map(ipaddress.ip_address, _IPV4.findall(text)), *_ipv6(text)}
    asked = {ipaddress.ip_address(address) for address in wanted}
    told = {address.version for address in there}
    return bool(asked) and not asked & there and {address.version for address in asked} <= told


def _ipv6(text: str) -> Iterator[ipaddress.IPv6Address]:
    rows = (line.split() for line in text.splitlines())
    found = (row[0] for row in rows if len(row) == _COLUMNS and len(row[0]) == _DIGITS)
    return (ipaddress.IPv6Address(bytes.fromhex(digits)) for digits in found)
