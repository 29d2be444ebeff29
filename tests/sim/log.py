"""The access log of a fake nginx: a steady load, shared by the replicas that it is told of."""

from __future__ import annotations

from dataclasses import dataclass, field

from composeroll.errors import GatewayError
from composeroll.model import Answered
from tests.sim.faults import Faults
from tests.sim.nginx import Gateway, Gateways, Worker

RATE = 100
"""Requests a second to each upstream of a gateway."""


@dataclass(slots=True)
class Log:
    """What has been logged of one service's requests since the last look."""

    gateway: Gateway
    service: str
    nginx: Gateways
    faults: Faults
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        self._looked = self.nginx.now()

    @property
    def before(self) -> tuple[Answered, ...]:
        """What the replicas that it was told of before have answered in a second."""
        return self._answers(self.gateway.workers[-2:][0], RATE)

    def read(self) -> tuple[Answered, ...]:
        """What those of now have answered since the last look."""
        self.faults.ask(f"read the log of {self.gateway.id}", GatewayError)
        since, self._looked = self._looked, self.nginx.now()
        return self._answers(self.gateway.current, round((self._looked - since) * RATE))

    def _answers(self, worker: Worker, number: int) -> tuple[Answered, ...]:
        """One replica after the other; each errs as often as its image does."""
        servers = list(worker.servers.get(self.service, {}).items())
        return tuple(
            self._answer(address, box.errs if box else 1.0, turn // len(servers))
            for turn in range(number if servers else 0)
            for address, box in (servers[turn % len(servers)],)
        )

    def _answer(self, address: str, errs: float, turn: int) -> Answered:
        wrong = int((turn + 1) * errs) > int(turn * errs)
        return Answered(address, 500 if wrong else 200, f"{address} answered")
