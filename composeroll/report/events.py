"""Everything a rollout tells while it runs. Steps emit these; renderers decide how they look."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct


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
    """A phase ended well; a phase that fails is left open so that CI shows it unfolded."""

    phase: Phase
    seconds: float


class PullProgress(Struct, frozen=True):
    """One layer of an image on its way.

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
    """A step did what it said, in `seconds`."""

    number: int
    total: int
    step: str
    seconds: float


class StepFailed(Struct, frozen=True):
    """A step failed; what follows is the way back, or the advice to run again."""

    number: int
    total: int
    step: str
    what: str


class StepUndone(Struct, frozen=True):
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


class ReplicaRow(Struct, frozen=True):
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


class ReplicasSeen(Struct, frozen=True):
    """The replicas of the services on their way, as they stand now."""

    rows: tuple[ReplicaRow, ...]


class ReplicaReady(Struct, frozen=True):
    """A replica proved itself `seconds` after the waiting began; `how` names the probe."""

    service: str
    name: str
    seconds: float
    how: str


class Probed(Struct, frozen=True):
    """One try to prove a replica: `detail` is the answer or the refusal. Shown with `-v` only."""

    service: str
    name: str
    passed: bool
    detail: str


class Draining(Struct, frozen=True):
    """Workers from before the reload that still live, and connections by outgoing replica name."""

    workers: int
    connections: tuple[tuple[str, int], ...] = ()


class Watching(Struct, frozen=True):
    """What a service's new replicas have answered since the switch, and how much of it was 5xx."""

    service: str
    requests: int
    errors: int


class Noted(Struct, frozen=True):
    """Something worth knowing that changes nothing."""

    text: str


class Warned(Struct, frozen=True):
    """Something that will hurt later, and what to do about it."""

    text: str


class Finished(Struct, frozen=True):
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

    @property
    def besides(self) -> str:
        """What the sentence says besides the outcome, for who has told that before it."""
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
