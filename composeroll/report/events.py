"""The events of a rollout. Steps emit them; renderers decide how they look."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct


class Phase(StrEnum):
    """The parts of a rollout that take time; CI logs fold by them."""

    PULL = "pull"
    OBSERVE = "observe"
    APPLY = "apply"
    VERIFY = "verify"


class Outcome(StrEnum):
    """How a run ended."""

    UPDATED = "updated"
    UP_TO_DATE = "up to date"
    PLANNED = "planned"
    WATCH_ENDED = "watch ended"
    ROLLED_BACK = "rolled back"
    REFUSED = "refused"
    UNFINISHED = "unfinished"
    FAILED = "failed"


class PhaseStarted(Struct, frozen=True):
    """A phase began."""

    phase: Phase
    title: str


class PhaseEnded(Struct, frozen=True):
    """A phase succeeded; one that fails is left open, so that CI shows it unfolded."""

    phase: Phase
    seconds: float


class PullProgress(Struct, frozen=True):
    """The progress of one layer of an image.

    `current` and `total` are bytes; `total` is 0 while unknown.
    """

    service: str
    layer: str
    state: str
    current: int = 0
    total: int = 0


class Pulled(Struct, frozen=True):
    """A service's reference now names `image` (an image ID); `moved` if it named another before."""

    service: str
    reference: str
    image: str
    moved: bool


class Planned(Struct, frozen=True):
    """The plan, as the text that `plan`, `--dry-run`, the CI log and the tests all show."""

    text: str
    reversible: tuple[str, ...]
    final: tuple[str, ...]


class StepStarted(Struct, frozen=True):
    """A step began. `step` is its line in the plan, without the reason."""

    number: int
    total: int
    step: str
    reason: str


class StepEnded(Struct, frozen=True):
    """A step succeeded, in `seconds`."""

    number: int
    total: int
    step: str
    seconds: float


class StepFailed(Struct, frozen=True):
    """A step failed; what follows is the undoing of the steps before, or advice to run again."""

    number: int
    total: int
    step: str
    what: str


class StepUndone(Struct, frozen=True):
    """The effect of `step` was undone, in `seconds`."""

    step: str
    seconds: float


class Stage(StrEnum):
    """Where a replica stands in the rollout."""

    CURRENT = "current"
    OUTGOING = "outgoing"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPING = "stopping"


class ReplicaRow(Struct, frozen=True):
    """One line of the live table.

    Attributes:
        image: the full image ID.
        state: the engine's state, with the health.
        upstream: whether nginx sends requests to it.
        connections: how many are established from the gateway, None if they were not counted.
    """

    service: str
    name: str
    id: str
    image: str
    address: str
    state: str
    stage: Stage
    upstream: bool
    connections: int | None = None


class ReplicasSeen(Struct, frozen=True):
    """The current replicas of the services that are being rolled out."""

    rows: tuple[ReplicaRow, ...]


class ReplicaReady(Struct, frozen=True):
    """A replica became ready `seconds` after the wait began; `how` names the probe."""

    service: str
    name: str
    seconds: float
    how: str


class Probed(Struct, frozen=True):
    """One attempt of a probe: `detail` is the answer or the error. Shown with `-v` only."""

    service: str
    name: str
    passed: bool
    detail: str


class Draining(Struct, frozen=True):
    """Workers from before the reload that still run, and connections by outgoing replica's name."""

    workers: int
    connections: tuple[tuple[str, int], ...] = ()


class Watching(Struct, frozen=True):
    """What a service's new replicas have answered since the switch; `errors` are 5xx answers."""

    service: str
    requests: int
    errors: int


class Noted(Struct, frozen=True):
    """Something worth knowing that needs no action."""

    text: str


class Warned(Struct, frozen=True):
    """Something that will cause trouble later, and what to do about it."""

    text: str


class Finished(Struct, frozen=True):
    """The end of a run.

    Attributes:
        outcome: how it ended.
        text: one sentence for people.
        seconds: since the start of the process.
        serving: what answers requests now; empty if that goes without saying.
        help: the command to run next; empty if there is none.
        evidence: lines of output that show what went wrong.
    """

    outcome: Outcome
    text: str
    seconds: float
    serving: str = ""
    help: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def besides(self) -> str:
        """The sentence without the outcome, for renderers that print the outcome first."""
        return "" if self.text == self.outcome else self.text.removesuffix(f": {self.outcome}")


Event = (
    PhaseStarted
    | PhaseEnded
    | PullProgress
    | Pulled
    | Planned
    | StepStarted
    | StepEnded
    | StepFailed
    | StepUndone
    | ReplicasSeen
    | ReplicaReady
    | Probed
    | Draining
    | Watching
    | Noted
    | Warned
    | Finished
)

Emit = Callable[[Event], None]
