"""The lines of phases, layers and steps: each function turns one view into rich text."""

from __future__ import annotations

from rich.text import Text

from composeroll.report.events import PullProgress, StepUndone
from composeroll.report.pen import Pen, marked
from composeroll.report.view import PhaseView, StepView
from composeroll.report.wording import bytes_text, seconds_text


def phase_row(phase: PhaseView, pen: Pen, *, failed: bool = False) -> Text:
    """Return a phase with its seconds, which count up while it runs."""
    if failed:
        return pen.fit(marked(pen.glyphs.failed, "red", phase.title), pen.measure)
    if phase.seconds is None:
        row = marked(pen.spinner(phase.started), "cyan", phase.title)
        return pen.apart(row, seconds_text(pen.now - phase.started))
    return pen.apart(marked(pen.glyphs.done, "green", phase.title), seconds_text(phase.seconds))


def layer_row(layer: PullProgress, pen: Pen) -> Text:
    """Return one layer: `layer  ━━━━━────  12.3 MB of 48.1 MB`."""
    row = Text("    ").append(f"{layer.layer[:12]:<12}  ", "dim")
    if not layer.total:
        return pen.fit(row.append(layer.state.lower(), "dim"), pen.measure)
    length = max(10, min(32, pen.measure - 64))
    filled = round(length * min(layer.current / layer.total, 1))
    row.append(pen.glyphs.filled * filled, "cyan")
    row.append(pen.glyphs.empty * (length - filled), "bright_black")
    row.append(f"  {bytes_text(layer.current):>8} of {bytes_text(layer.total):<8}", "")
    return pen.fit(row.append(f"  {layer.state.lower()}", "dim"), pen.measure)


def step_row(number: int, step: StepView, pen: Pen, detail: str = "") -> Text:
    """Return one step of the plan: waiting, running, done or failed."""
    sign, style, tail = _step_signs(step, pen)
    waiting = step.started is None and step.seconds is None
    row = marked(sign, style, f"{number:>2}  ", "dim").append(step.text, "dim" if waiting else "")
    aside = detail if step.running and detail else step.reason
    if aside and not step.failed:
        row.append(f"  ({aside})", "dim")
    return pen.apart(row, tail) if tail else pen.fit(row, pen.measure)


def _step_signs(step: StepView, pen: Pen) -> tuple[str, str, str]:
    if step.failed:
        return pen.glyphs.failed, "red", ""
    if step.seconds is not None:
        return pen.glyphs.done, "green", seconds_text(step.seconds)
    if step.started is not None:
        return pen.spinner(step.started), "cyan", seconds_text(pen.now - step.started)
    return " ", "", ""


def line_of_no_return(pen: Pen, *, passed: bool) -> Text:
    """Return the line between the steps that can be undone and those that cannot."""
    label = " no way back after this "
    style = "yellow" if passed else "bright_black"
    rule = pen.glyphs.rule
    rest = max(pen.measure - 8 - len(label) - 2, 0)
    return Text("        ").append(rule * 2 + label + rule * min(rest, 24), style)


def undone_row(step: StepUndone, pen: Pen) -> Text:
    """Return one step that was undone."""
    row = marked(pen.glyphs.undone, "yellow", "    ").append("undone  ", "yellow").append(step.step)
    return pen.apart(row, seconds_text(step.seconds))
