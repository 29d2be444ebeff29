"""Where the engine is: whether its networks can be reached from here."""

from __future__ import annotations

from pathlib import Path

from composeroll.engine.endpoint import Endpoint

BRIDGE_ID_LENGTH = 12
"""The bridge of a network is `br-` and so many digits of its ID (moby's bridge driver)."""


def is_local_network(
    endpoint: Endpoint, network_id: str, interfaces: Path = Path("/sys/class/net")
) -> bool:
    """Whether this machine itself is on a container network, so that addresses can be dialled.

    So it is where the engine's socket is here and the network's bridge among the interfaces; not
    from inside a container, and not where the engine runs in a virtual machine.
    """
    bridge = interfaces / f"br-{network_id[:BRIDGE_ID_LENGTH]}"
    return endpoint.socket_path is not None and bridge.exists()
