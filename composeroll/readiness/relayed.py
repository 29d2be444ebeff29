"""Connections as seen from the gateway: through a relay that runs inside its container."""

from __future__ import annotations

from composeroll.readiness.direct import split
from composeroll.readiness.door import ContainerDoor
from composeroll.readiness.pipe import Pipe
from composeroll.readiness.relay import Relay


class RelayDialer:
    """Connects from inside a gateway container, through a relay program found there."""

    def __init__(self, door: ContainerDoor, gateway: str, relay: Relay) -> None:
        self._door = door
        self._gateway = gateway
        self._relay = relay

    def dial(self, address: str, timeout: float) -> Pipe:
        """Return a pipe through the gateway; if the connection is refused, it reads as ended."""
        host, port = split(address)
        pipe = self._door.dial(self._gateway, self._relay.carry(host, str(port)))
        pipe.settimeout(timeout)
        return pipe

    def accepts(self, address: str, timeout: float) -> None:
        """Return once the address has accepted a connection from the gateway.

        Raises:
            ConnectionRefusedError: it did not; the text is what the relay said.
        """
        host, port = split(address)
        argv = self._relay.touch(host, str(port))
        output = self._door.execute(self._gateway, argv, timeout=timeout)
        if output.exit_code:
            raise ConnectionRefusedError(output.lines[-1] if output.lines else "no connection")
