"""How to reach a replica's port: directly, or through the gateway."""

from __future__ import annotations

from collections.abc import Callable

from composeroll.model import Route
from composeroll.readiness.direct import DirectDialer
from composeroll.readiness.door import ContainerDoor
from composeroll.readiness.pipe import Dialer
from composeroll.readiness.relay import Relay, find_relay
from composeroll.readiness.relayed import RelayDialer


class Dialers:
    """Chooses the dialer for a route, and remembers the relay program found in each gateway."""

    def __init__(self, door: ContainerDoor, is_local: Callable[[str], bool]) -> None:
        """Take the engine, and a test whether this machine reaches a network, by NetworkID."""
        self._door = door
        self._is_local = is_local
        self._relays: dict[str, Relay] = {}

    def for_route(self, route: Route) -> Dialer:
        """Return a dialer with the gateway's view of the network: its first container's.

        Raises:
            Refused: neither this machine nor anything in the gateway can connect.
        """
        return self.from_gateway(route.containers[0], route.network_id)

    def from_gateway(self, gateway: str, network_id: str) -> Dialer:
        """Return a dialer with one gateway container's view of a network.

        Raises:
            Refused: neither this machine nor anything in the gateway can connect.
        """
        if self._is_local(network_id):
            return DirectDialer()
        if gateway not in self._relays:
            self._relays[gateway] = find_relay(self._door, gateway)
        return RelayDialer(self._door, gateway, self._relays[gateway])
