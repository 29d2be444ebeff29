"""Containers as the fake engine keeps them, and the network that gives them addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from composeroll.model import Attachment, ContainerState, Mount, Replica

NETWORK = "network-1"
SUBNET = "10.0.0."
EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


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
        host: the ID of the container whose network namespace it lives in.
        error: why it could not be started last.
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
    host: str = ""
    error: str = ""

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.state is ContainerState.RUNNING

    @property
    def detached(self) -> bool:
        """Whether it was left to drain on."""
        return ".draining." in self.name

    def replica(self) -> Replica:
        """The engine's description of it."""
        return _described(
            self.id,
            self.name,
            self.service,
            self.number,
            self.image,
            self.state,
            self.exit_code,
            self.restart_policy,
            self._started_at,
            self.ip,
            self.definition,
            self.host,
            self.error,
            carries=self.carries,
        )

    @property
    def _started_at(self) -> str:
        """No two lives of it begin at the same time."""
        began = timedelta(seconds=self.started, microseconds=self.life)
        return (EPOCH + began).isoformat() if self.life else ""


@lru_cache(1024)
def _described(  # noqa: PLR0913, PLR0917 - all that a description depends on
    id_: str,
    name: str,
    service: str,
    number: int,
    image: str,
    state: ContainerState,
    exit_code: int,
    restart_policy: str,
    started_at: str,
    ip: str,
    definition: str,
    host: str,
    error: str,
    *,
    carries: bool,
) -> Replica:
    """Made once as long as nothing changes: a fifth of the simulation's time went into these."""
    code = Mount("/code", "volume", writable=True, volume=id_)
    return Replica(
        id=id_,
        name=name,
        service=service,
        number=number,
        image=image,
        state=state,
        exit_code=exit_code,
        restart_policy=restart_policy,
        started_at=started_at,
        networks=(Attachment(NETWORK, "shop_default", ip, aliases=(service,)),),
        exposed=(9000,),
        config_hash=definition,
        mounts=(code,) * carries,
        network_mode=f"container:{host}" if host else "",
        error=error,
    )


def free_address(boxes: Iterable[Box], avoid: str = "") -> str:
    """The lowest address that nobody holds: a freed one is reused at once."""
    held = {avoid, *(box.ip for box in boxes)}
    return next(f"{SUBNET}{n}" for n in range(10, 250) if f"{SUBNET}{n}" not in held)
