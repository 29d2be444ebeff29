"""The lines that each event becomes in a log. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from msgspec import Struct

from composeroll.report.events import (
    Draining,
    Event,
    Finished,
    Noted,
    Phase,
    PhaseEnded,
    PhaseStarted,
    Planned,
    Probed,
    Pulled,
    ReplicaReady,
    ReplicasSeen,
    StepEnded,
    StepFailed,
    StepStarted,
    StepUndone,
    Warned,
    Watching,
)
from composeroll.report.wording import count_text, seconds_text, short_image


class Said(Struct, frozen=True):
    """One line: its first word, and the rest."""

    word: str
    text: str


def said(event: Event, *, verbose: bool = False) -> Iterator[Said]:
    """Yield the lines for one event, often none."""
    match event:
        case PhaseStarted() | PhaseEnded():
            yield from _phase(event)
        case Pulled():
            yield Said("", f"{event.service}: {pulled_text(event)}")
        case Planned(text):
            words = chain(["plan"], repeat(""))
            yield from (
                Said(word, line) for word, line in zip(words, text.splitlines(), strict=False)
            )
        case StepEnded() | StepFailed() | StepUndone():
            yield _step(event)
        case ReplicaReady(_, name, seconds, how):
            yield Said("ready", f"{name} after {seconds_text(seconds)}, {how}")
        case Draining() | Watching():
            yield _progress(event)
        case Noted(text) | Warned(text):
            yield Said("note" if isinstance(event, Noted) else "warning", text)
        case Finished():
            yield from _end(event)
        case _ if verbose:
            yield from _detail(event)


def _phase(event: PhaseStarted | PhaseEnded) -> Iterator[Said]:
    if isinstance(event, PhaseStarted):
        yield Said(event.phase, event.title.removeprefix(f"{event.phase} "))
    elif event.phase is not Phase.APPLY:  # its own lines say when it ends
        yield Said("", f"done in {seconds_text(event.seconds)}")


def _step(event: StepEnded | StepFailed | StepUndone) -> Said:
    match event:
        case StepEnded(number, total, step, seconds):
            return Said(f"{number}/{total}", f"{step} ({seconds_text(seconds)})")
        case StepFailed(number, total, step, what):
            return Said("failed", f"{number}/{total} {step}: {what}")
        case StepUndone(step, seconds):
            return Said("undone", f"{step} ({seconds_text(seconds)})")


def _progress(event: Draining | Watching) -> Said:
    if isinstance(event, Draining):
        return Said("drain", draining_text(event))
    return Said("watch", f"{event.service}: {watching_text(event)}")


def pulled_text(event: Pulled) -> str:
    """Return the result of a pull, without the service's name."""
    verb = "is now" if event.moved else "is still"
    return f"{event.reference} {verb} {short_image(event.image)}"


def draining_text(event: Draining) -> str:
    """Return what a drain still waits for."""
    workers = workers_text(event)
    held = ", ".join(f"{name}: {number}" for name, number in event.connections if number)
    return f"{workers}; connections to {held}" if held else workers


def workers_text(event: Draining) -> str:
    """Return how many workers from before the reload still run."""
    return count_text(event.workers, "old worker")


def watching_text(event: Watching) -> str:
    """Return what the new replicas have answered so far."""
    return f"{count_text(event.requests, 'request')}, {event.errors} with 5xx"


def _detail(event: Event) -> Iterator[Said]:
    match event:
        case StepStarted(number, total, step, reason):
            yield Said(f"{number}/{total}", f"{step} ({reason})" if reason else step)
        case Probed(_, name, passed, detail):
            yield Said("probe", f"{name} {'passed' if passed else 'not yet'}: {detail}")
        case ReplicasSeen(rows):
            for row in rows:
                upstream = "in" if row.upstream else "out"
                yield Said("replica", f"{row.name} {row.address} {row.state}, {upstream}")


def _end(event: Finished) -> Iterator[Said]:
    yield Said(event.outcome, f"{event.besides} ({seconds_text(event.seconds)})".lstrip())
    if event.serving:
        yield Said("serving", event.serving)
    if event.help:
        yield Said("next", event.help)
    for line in event.evidence:
        yield from (Said("", f"| {part}") for part in line.splitlines() or [""])
