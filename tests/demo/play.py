"""The demo's three acts: steady load, the rollout under it, steady load again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bed import staging
from tests.demo import phases, show, stage
from tests.demo.rollout import UPDATE, roll
from tests.load import Load, Mix, Result

BEFORE, AFTER = 10.0, 5.0
"""Seconds of steady load before the rollout, long enough for a p99 to mean something, and after."""

MIX = Mix(
    post_path="/post",
    slow_path="/slow?s=3",
    websocket_path="/ws",
    version_header="X-Image",
    echo=True,
    # two cores serve this beside everything else, so that no latency is a queue's
    rate=200,
)

FOR_A_PICTURE = replace(MIX, slow=8, slow_path="/slow?s=10", websocket_path=None)
"""A drain that has something to show, and ends by itself."""

STEADY, BEGAN, ENDED = "steady", "began", "ended"


@dataclass(frozen=True)
class Performance:
    """What was seen: the load's record, where the rollout's time went, and how it ended."""

    result: Result
    spent: tuple[phases.Spent, ...]
    exit_code: int


def play(picture: Path | None) -> Performance:
    """Run all three acts.

    Args:
        picture: the file that gets the rollout's picture, if one is wanted.

    Raises:
        BedError: the new image cannot be pushed.
        LoadError: the load did not last.
    """
    show.heading("Load on nginx: GET, POST, slow requests, half-sent bodies, websockets")
    with TemporaryDirectory(prefix="composeroll-demo-") as folder:
        events = Path(folder, "events.jsonl")
        with Load(f"{staging.SITE}/", FOR_A_PICTURE if picture else MIX) as load:
            code = _under(load, events, picture)
        return Performance(load.result(), tuple(phases.spent(phases.read(events))), code)


def _under(load: Load, events: Path, picture: Path | None) -> int:
    show.line(f"{sum(MIX.clients().values())} clients are at work, and stay at work to the end")
    stage.push_newer()
    load.mark(STEADY)
    show.line(f"steady load for {BEFORE:g} s, to compare with ...")
    load.after_seconds(BEFORE)
    show.heading(f"composeroll {' '.join(UPDATE)}")
    load.mark(BEGAN)
    code = roll(events, picture)
    load.mark(ENDED)
    show.line(f"steady load for another {AFTER:g} s ...")
    load.after_seconds(AFTER)
    return code
