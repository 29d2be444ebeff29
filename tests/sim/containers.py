"""Containers as the fake engine keeps them, and the network that gives them addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from composeroll.model import Attachment, ContainerState, Mount, Replica

NETWORK = "network-1"
SUBNET = "10.0.0."


@dataclass(eq=False, slots=True)
class Box:
    """One container.

    Attributes:
        sources: IDs of the containers whose volumes it mounts; they enter compose's hash.
        started: when it was started last, in virtual seconds.
        proven: whether somebody has seen it answer since its start.
        life: how often it was started; what was proven in one life says nothing of the next.
        born: the number of the process (run) that made it; 0 was there before.
        errs: the part of its answers that is 5xx.
        files: what was put into it.
        carries: whether it has a volume for others to mount.
    """

    id: str
    name: str
    service: str
    number: int
    image: str
    definition: str
    sources: tuple[str, ...]
    restart_policy: str
    born: int
    state: ContainerState = ContainerState.CREATED
    ip: str = ""
    started: float = 0.0
    proven: bool = False
    life: int = 0
    exit_code: int = 0
    errs: float = 0.0
    files: dict[str, str] = field(default_factory=dict)
    carries: bool = False

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.state is ContainerState.RUNNING

    def replica(self) -> Replica:
        """The engine's description of it."""
        return Replica(
            id=self.id,
            name=self.name,
            service=self.service,
            number=self.number,
            image=self.image,
            state=self.state,
            exit_code=self.exit_code,
            restart_policy=self.restart_policy,
            started_at=f"life {self.life}" if self.life else "",
            networks=(Attachment(NETWORK, "shop_default", self.ip, aliases=(self.service,)),),
            exposed=(9000,),
            config_hash=self.definition,
            mounts=(Mount("/code", "volume", writable=True, volume=self.id),) * self.carries,
        )


def free_address(boxes: Iterable[Box], avoid: str = "") -> str:
    """The lowest address that nobody holds: a freed one is reused at once."""
    held = {avoid, *(box.ip for box in boxes)}
    return next(f"{SUBNET}{n}" for n in range(10, 250) if f"{SUBNET}{n}" not in held)
