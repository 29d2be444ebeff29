"""The contents of the screen: lines that stay, and below them the part that is redrawn."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace
from rich.text import Text

from composeroll.report.events import (
    Event,
    Noted,
    Phase,
    PhaseEnded,
    Planned,
    Probed,
    Pulled,
    ReplicaReady,
    Warned,
)
from composeroll.report.pen import Pen
from composeroll.report.plain_lines import pulled_text, watching_text, workers_text
from composeroll.report.quiet import GOOD
from composeroll.report.remarks import end_rows, note_rows
from composeroll.report.replicas import replica_rows
from composeroll.report.rows import layer_row, line_of_no_return, phase_row, step_row, undone_row
from composeroll.report.view import View
from composeroll.report.wording import count_text, seconds_text

BEFORE = (Phase.PULL, Phase.OBSERVE)
"""Phases that end before the plan is made; their lines stay above it."""

FEWEST_REPLICAS = 5
"""Lines that the table of replicas gets at least if the steps need room too."""


class Scene:
    """Lays out the accumulated events as lines, independently of the terminal.

    Args:
        verbose: whether each attempt of a probe and each ready replica gets a line that stays.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        self.view = View()
        self._verbose = verbose
        self._pulled: list[Pulled] = []
        self._probed: dict[str, Probed] = {}

    def take(self, event: Event, pen: Pen) -> list[Text]:
        """Apply `event`; return the lines that from now on stay on the screen."""
        before = self._next_batch(pen) if isinstance(event, Planned) else []
        self.view.take(event, pen.now)
        match event:
            case Planned():
                return before
            case Pulled():
                self._pulled.append(event)
            case PhaseEnded(phase) if phase in BEFORE and phase in self.view.phases:
                return self._before_ended(phase, pen)
            case Warned(text):
                return note_rows(pen.glyphs.warning, "yellow", text, pen)
            case Noted(text):
                return note_rows(pen.glyphs.note, "dim", text, pen)
            case Probed() | ReplicaReady() if self._verbose and self._is_news(event):
                return note_rows(pen.glyphs.note, "dim", _probe_text(event), pen)
        return []

    def moving(self, pen: Pen, height: int) -> list[Text]:
        """Return the part that is redrawn, in at most `height` lines."""
        steps, table = self._plan(pen), []
        if self.view.rows:
            least = min(len(self.view.rows) + 1, FEWEST_REPLICAS)
            steps = _windowed(steps, max(height - least - 1, 1), pen)
            table = [Text(""), *self._table(pen, max(height - len(steps) - 1, 1))]
        return [*self._phases(pen), *_windowed(steps, height, pen), *table][-height:]

    def settled(self, pen: Pen) -> list[Text]:
        """Return the last state of that part, to stay on the screen, without spinners."""
        end = self.view.finished
        pen = replace(pen, glyphs=replace(pen.glyphs, spinner=pen.glyphs.note))
        rows = self._phases(pen, failed=end is None or end.outcome not in GOOD) + self._plan(pen)
        table = self._table(pen, 0) if self.view.steps else []
        return rows + ([Text(""), *table] if table else []) + (end_rows(end, pen) if end else [])

    def _is_news(self, event: Probed | ReplicaReady) -> bool:
        if isinstance(event, ReplicaReady):
            return True
        before, self._probed[event.name] = self._probed.get(event.name), event
        return event != before

    def _next_batch(self, pen: Pen) -> list[Text]:
        """Return the lines of the finished plan, which the next batch's plan replaces."""
        rows = (
            self._plan(pen) if any(s.seconds is not None for s in self.view.steps.values()) else []
        )
        self.view.phases.pop(Phase.VERIFY, None)
        return rows

    def _before_ended(self, phase: Phase, pen: Pen) -> list[Text]:
        rows = [phase_row(self.view.phases[phase], pen)]
        if phase is Phase.PULL:
            rows += [_pulled_row(event, pen) for event in self._pulled]
        return rows

    def _phases(self, pen: Pen, *, failed: bool = False) -> list[Text]:
        rows: list[Text] = []
        for phase in BEFORE:
            running = self.view.phases.get(phase)
            if running and running.seconds is None:
                rows.append(phase_row(running, pen, failed=failed))
                rows += self._layers(pen) if phase is Phase.PULL and not failed else []
        return rows

    def _layers(self, pen: Pen) -> list[Text]:
        moving = [la for la in self.view.layers.values() if la.total and la.current < la.total]
        rest = len(self.view.layers) - len(moving)
        rows = [layer_row(layer, pen) for layer in moving[:8]]
        tail = Text(f"    {count_text(rest, 'layer')} waiting or here already", "dim")
        return rows + ([tail] if rest else [])

    def _plan(self, pen: Pen) -> list[Text]:
        if not self.view.steps:
            return []
        rows = [Text(""), *self._steps(pen)]
        rows += [undone_row(step, pen) for step in self.view.undone]
        verify = self.view.phases.get(Phase.VERIFY)
        return rows + ([phase_row(verify, pen)] if verify else [])

    def _steps(self, pen: Pen) -> Iterable[Text]:
        line_drawn, detail = False, self._progress()
        for number, step in sorted(self.view.steps.items()):
            if step.final and not line_drawn:
                yield line_of_no_return(pen, passed=step.started is not None)
                line_drawn = True
            yield step_row(number, step, pen, detail)
            if step.failed:
                yield from note_rows("     ", "red", step.failed, pen)

    def _progress(self) -> str:
        """Return what the running step waits for, or has counted so far."""
        draining, watching = self.view.draining, self.view.watching
        if draining and draining.workers:
            return workers_text(draining)
        several = len(watching) > 1
        told = ((name, watching_text(event)) for name, event in watching.items())
        return "; ".join(f"{name}: {text}" if several else text for name, text in told)

    def _table(self, pen: Pen, most: int) -> list[Text]:
        return replica_rows(self.view.rows, self.view.connections, pen, most)


def _windowed(rows: list[Text], height: int, pen: Pen) -> list[Text]:
    """Return at most `height` rows around the running step, or around the last one that started.

    A step that has started shows a symbol; that of a running step is a spinner.
    """
    if len(rows) <= height:
        return rows
    begun = [(i, sign) for i, row in enumerate(rows) if (sign := row.plain[2:3].strip())]
    spins = [i for i, sign in begun if sign in pen.glyphs.spinner]
    middle = spins[0] if spins else begun[-1][0] if begun else 0
    first = max(0, min(middle - height // 2, len(rows) - height))
    return rows[first : first + height]


def _pulled_row(event: Pulled, pen: Pen) -> Text:
    row = Text(f"    {event.service}  ").append(pulled_text(event), "" if event.moved else "dim")
    return pen.fit(row, pen.measure)


def _probe_text(event: Probed | ReplicaReady) -> str:
    if isinstance(event, ReplicaReady):
        return f"{event.name} is ready after {seconds_text(event.seconds)}: {event.how}"
    return f"{event.name} {'passed' if event.passed else 'not yet'}: {event.detail}"
