"""What in a compose file keeps a service from running twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from composeroll.config.ports import fixed_ports


class Obstacle(Struct, frozen=True):
    """Something in the file that keeps a service from running twice.

    Attributes:
        key: dotted path below the service, for example `container_name`.
        value: the key's value in the file.
        why: why compose cannot scale it, as the end of a sentence.
    """

    key: str
    value: str
    why: str


def obstacles(raw: Mapping[str, Any]) -> Iterator[Obstacle]:
    """Yield all obstacles in a service's part of the file."""
    if name := raw.get("container_name"):
        yield Obstacle("container_name", str(name), "two containers cannot have one name")
    for published in fixed_ports(raw.get("ports") or ()):
        yield Obstacle("ports", published, "two containers cannot publish one host port")
    for key, address in _static_addresses(raw):
        yield Obstacle(key, address, "two containers cannot have one address")
    mode = str(raw.get("network_mode") or "")
    if mode == "host" or mode.startswith(("container:", "service:")):
        yield Obstacle("network_mode", mode, "its containers have no address of their own")


def _static_addresses(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield fixed addresses; with one MAC address in two containers, frames for one get lost."""
    if raw.get("mac_address"):
        yield "mac_address", str(raw["mac_address"])
    for network, options in (raw.get("networks") or {}).items():
        for key in ("ipv4_address", "ipv6_address", "mac_address"):
            if (options or {}).get(key):
                yield f"networks.{network}.{key}", str(options[key])
