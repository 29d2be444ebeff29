"""The state that the live view draws: what has happened so far, accumulated from the events."""

from __future__ import annotations

from msgspec import Struct, field

from composeroll.report.events import (
    Draining,
    Event,
    Finished,
    Phase,
    PhaseEnded,
    PhaseStarted,
    Planned,
    PullProgress,
    ReplicaRow,
    ReplicasSeen,
    Stage,
    StepEnded,
    StepFailed,
    StepStarted,
    StepUndone,
    Watching,
)


class StepView(Struct):
    """One step of the plan: it waits until `started` is set, and is done once `seconds` is."""

    text: str
    reason: str = ""
    final: bool = False
    started: float | None = None
    seconds: float | None = None
    failed: str = ""

    @property
    def running(self) -> bool:
        """Whether the step has started and not ended."""
        return self.started is not None and self.seconds is None and not self.failed


class PhaseView(Struct):
    """One phase: it runs until `seconds` is set."""

    title: str
    started: float
    seconds: float | None = None


class View(Struct):
    """The accumulated state, changed by `take` only. Times are the caller's monotonic seconds."""

    phases: dict[Phase, PhaseView] = field(default_factory=dict)
    layers: dict[tuple[str, str], PullProgress] = field(default_factory=dict)
    steps: dict[int, StepView] = field(default_factory=dict)
    undone: list[StepUndone] = field(default_factory=list)
    rows: tuple[ReplicaRow, ...] = ()
    draining: Draining | None = None
    watching: dict[str, Watching] = field(default_factory=dict)
    finished: Finished | None = None

    def take(self, event: Event, at: float) -> None:
        """Apply one event to the state."""
        match event:
            case PhaseStarted(phase, title):
                self.phases[phase] = PhaseView(title, at)
            case PhaseEnded(phase, seconds) if phase in self.phases:
                self.phases[phase].seconds = seconds
            case PullProgress(service, layer):
                self.layers[service, layer] = event
            case Planned():
                self._plan(event)
            case StepStarted() | StepEnded() | StepFailed():
                self._step(event, at)
            case StepUndone():
                self.undone.append(event)
            case ReplicasSeen(rows):
                self.rows = rows
            case Draining() | Watching():
                self._progress(event)
            case Finished():
                self.finished = event

    @property
    def connections(self) -> dict[str, int]:
        """Connections by replica's name, as the drain counts them, or else as the table does.

        Without workers from before the reload, a draining replica has none.
        """
        counted = {r.name: r.connections for r in self.rows if r.connections is not None}
        if self.draining and not self.draining.workers:
            counted |= {r.name: 0 for r in self.rows if r.stage is Stage.DRAINING}
        return counted | dict(self.draining.connections if self.draining else ())

    def _plan(self, plan: Planned) -> None:
        lines = [(text, False) for text in plan.reversible] + [(text, True) for text in plan.final]
        self.steps = {n: StepView(text, final=f) for n, (text, f) in enumerate(lines, start=1)}

    def _progress(self, event: Draining | Watching) -> None:
        if isinstance(event, Draining):
            self.draining = event
        else:
            self.watching[event.service] = event

    def _step(self, event: StepStarted | StepEnded | StepFailed, at: float) -> None:
        step = self.steps.setdefault(event.number, StepView(event.step))
        step.text = event.step
        match event:
            case StepStarted(reason=reason):
                step.started, step.reason = at, reason
                self.draining, self.watching = None, {}
            case StepEnded(seconds=seconds):
                step.seconds = seconds
            case StepFailed(what=what):
                step.failed = what
