"""Everything a rollout tells while it runs. Steps emit these; renderers decide how they look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The parts of a rollout a person waits for; CI logs fold by them."""

    PULL = "pull"
    OBSERVE = "observe"
    APPLY = "apply"
    VERIFY = "verify"


class Outcome(StrEnum):
    """How a run ended."""

    UPDATED = "updated"
    UP_TO_DATE = "up to date"
    PLANNED = "planned"
    ROLLED_BACK = "rolled back"
    REFUSED = "refused"
    UNFINISHED = "unfinished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A phase began."""

    phase: Phase
    title: str


@dataclass(frozen=True, slots=True)
class PhaseEnded:
    """A phase ended well; a phase that fails is left open so that CI shows it unfolded."""

    phase: Phase
    seconds: float


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One layer of an image on its way.

    `current` and `total` are bytes; `total` is 0 while unknown.
    """

    service: str
    layer: str
    state: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """A service's reference now names `image` (an image ID); `moved` if it named another before."""

    service: str
    reference: str
    image: str
    moved: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, as the text that `plan`, `--dry-run`, the CI log and the tests all show."""

    text: str
    reversible: tuple[str, ...]
    final: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began. `step` is its line in the plan, without the reason."""

    number: int
    total: int
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step did what it said, in `seconds`."""

    number: int
    total: int
    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed; what follows is the way back, or the advice to run again."""

    number: int
    total: int
    step: str
    what: str


@dataclass(frozen=True, slots=True)
class StepUndone:
    """A step of the way back took back what `step` did."""

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


@dataclass(frozen=True, slots=True)
class ReplicaRow:
    """One line of the live table.

    `image` is the whole image ID, `state` the engine's word with its health, `upstream` whether
    nginx is told to send requests to it, `connections` how many are established from the gateway
    (None where nobody has counted).
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


@dataclass(frozen=True, slots=True)
class ReplicasSeen:
    """The replicas of the services on their way, as they stand now."""

    rows: tuple[ReplicaRow, ...]


@dataclass(frozen=True, slots=True)
class ReplicaReady:
    """A replica proved itself `seconds` after the waiting began; `how` names the probe."""

    service: str
    name: str
    seconds: float
    how: str


@dataclass(frozen=True, slots=True)
class Probed:
    """One try to prove a replica: `detail` is the answer or the refusal. Shown with `-v` only."""

    service: str
    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Draining:
    """Workers from before the reload that still live, and connections by outgoing replica name."""

    workers: int
    connections: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Watching:
    """What a service's new replicas have answered since the switch, and how much of it was 5xx."""

    service: str
    requests: int
    errors: int


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth knowing that changes nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that will hurt later, and what to do about it."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a run.

    Attributes:
        outcome: how it ended.
        text: one sentence a person understands.
        seconds: from process start to now.
        serving: what answers requests now, where that needs saying.
        help: the command that helps next, where one does.
        evidence: lines of output that show what went wrong.
    """

    outcome: Outcome
    text: str
    seconds: float
    serving: str = ""
    help: str = ""
    evidence: tuple[str, ...] = ()


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
