"""Two rollouts of a staging stack as the events they emit, each with the second it came at."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.report.events import (
    Draining,
    Event,
    Finished,
    Noted,
    Outcome,
    Phase,
    PhaseEnded,
    PhaseStarted,
    Planned,
    Probed,
    Pulled,
    PullProgress,
    ReplicaReady,
    ReplicaRow,
    ReplicasSeen,
    Stage,
    StepEnded,
    StepFailed,
    StepStarted,
    StepUndone,
    Warned,
    Watching,
)

Timed = tuple[float, Event]

OLD, NEW = "8c1d0f1e22aa", "4f1c2a9e0b1d"
REFERENCE = "registry.example.com/staging/php-fpm:staging"
STEPS = (
    "start 2 replicas of php-fpm",
    "await 2 ready replicas of php-fpm",
    "switch upstream backend to the incoming replicas",
    "confirm the switch",
    "watch the incoming replicas for 2s",
    "drain 2 outgoing replicas of php-fpm",
    "retire 2 replicas of php-fpm",
    "renumber php-fpm",
)
REASONS = ("the image moved", "", "", "no worker reads the old file", "", "", "replaced", "")
LINES = tuple(
    f"{step}  ({reason})" if reason else step for step, reason in zip(STEPS, REASONS, strict=True)
)
REVERSIBLE, FINAL = LINES[:5], LINES[5:]
PLAN = "\n".join(
    [
        *(f"{n:>3}  {line}" for n, line in enumerate(REVERSIBLE, 1)),
        "     ── no way back after this ──",
        *(f"{n:>3}  {line}" for n, line in enumerate(FINAL, 6)),
    ]
)


def replica(number: int, stage: Stage, connections: int | None = None) -> ReplicaRow:
    """A php-fpm replica; 1 and 2 are the old ones."""
    old = number <= 2
    return ReplicaRow(
        service="php-fpm",
        name=f"staging-php-fpm-{number}",
        id=f"{number}" * 64,
        image=OLD if old else NEW,
        address=f"172.19.0.{number + 3}:9000",
        state="running (starting)" if stage is Stage.STARTING else "running (healthy)",
        stage=stage,
        upstream=stage in {Stage.CURRENT, Stage.READY},
        connections=connections,
    )


def pull() -> Iterator[Timed]:
    """Six layers, the image moved."""
    yield 0.0, PhaseStarted(Phase.PULL, "pull php-fpm")
    layers = [f"{n:x}" * 12 for n in range(3, 9)]
    for tick in range(1, 21):
        for index, layer in enumerate(layers):
            size = 4_000_000 * (index + 1)
            here = min(int(size * tick / (8 + 2 * index)), size)
            state = "Downloading" if here < size else "Pull complete"
            yield 0.15, PullProgress("php-fpm", layer, state, here, size)
    yield 0.1, Pulled("php-fpm", REFERENCE, f"sha256:{NEW}{'0' * 52}", moved=True)
    yield 0.0, PhaseEnded(Phase.PULL, 3.2)


def planned() -> Iterator[Timed]:
    """What runs, and the plan."""
    yield 0.0, PhaseStarted(Phase.OBSERVE, "observe php-fpm")
    yield 0.2, ReplicasSeen((replica(1, Stage.OUTGOING, 3), replica(2, Stage.OUTGOING, 1)))
    yield 0.0, PhaseEnded(Phase.OBSERVE, 0.2)
    yield 0.0, Planned(PLAN, REVERSIBLE, FINAL)
    yield 0.0, PhaseStarted(Phase.APPLY, "update php-fpm")


def step(number: int, seconds: float, *between: Timed) -> Iterator[Timed]:
    """One step from its start to its end."""
    name, total = STEPS[number - 1], len(STEPS)
    yield 0.0, StepStarted(number, total, name, REASONS[number - 1])
    yield from between
    yield max(seconds - sum(at for at, _ in between), 0), StepEnded(number, total, name, seconds)


def seen(*stages: Stage, connections: tuple[int, ...] = (3, 1, 0, 0)) -> ReplicasSeen:
    """The table with replicas 1, 2, … in these stages."""
    pairs = zip(stages, connections, strict=False)
    return ReplicasSeen(tuple(replica(n, s, c) for n, (s, c) in enumerate(pairs, 1)))


def updated() -> Iterator[Timed]:
    """Two php-fpm replicas replaced, nothing dropped."""
    out, starting, ready = Stage.OUTGOING, Stage.STARTING, Stage.READY
    draining, stopping = Stage.DRAINING, Stage.STOPPING
    one, two = "staging-php-fpm-1", "staging-php-fpm-2"
    yield from pull()
    yield from planned()
    yield 0.0, Warned("nginx still sees the old code of volumes_from: php-fpm until it is updated")
    yield from step(1, 1.2, (1.1, seen(out, out, starting, starting)))
    yield from step(
        2,
        1.4,
        (0.3, Probed("php-fpm", "staging-php-fpm-3", passed=False, detail="connection refused")),
        (0.5, ReplicaReady("php-fpm", "staging-php-fpm-3", 0.8, "FastCGI /ping")),
        (0.0, seen(out, out, ready, starting)),
        (0.5, ReplicaReady("php-fpm", "staging-php-fpm-4", 1.3, "FastCGI /ping")),
        (0.0, seen(out, out, ready, ready)),
    )
    yield from step(3, 0.3, (0.2, seen(draining, draining, ready, ready)))
    yield from step(4, 0.1)
    yield from step(
        5,
        2.0,
        (0.5, Watching("php-fpm", 1, 0)),
        (1.0, Watching("php-fpm", 214, 3)),
    )
    yield from step(
        6,
        6.4,
        (0.1, Draining(2, ((one, 3), (two, 1)))),
        (1.0, Draining(2, ((one, 2), (two, 1)))),
        (3.0, Draining(1, ((one, 1), (two, 0)))),
        (2.2, Draining(0)),
    )
    yield from step(7, 0.8, (0.1, seen(stopping, stopping, ready, ready)))
    yield 0.0, ReplicasSeen(tuple(replica(n, Stage.CURRENT, 0) for n in (3, 4)))
    yield from step(8, 0.1)
    yield 0.0, PhaseEnded(Phase.APPLY, 12.3)
    yield 0.0, PhaseStarted(Phase.VERIFY, "check that nothing is left to do")
    yield 0.4, PhaseEnded(Phase.VERIFY, 0.4)
    text = f"php-fpm runs {NEW} on 2 replicas"
    yield 0.0, Finished(Outcome.UPDATED, text, 16.1)


LOG = (
    "NOTICE: fpm is running, pid 1",
    '\x1b[31mPHP Fatal error:  Class "Cache" not found in /app/ping.php:3\x1b[0m\r',
    "Stack trace:\n#0 {main}",
    "WARNING: [pool www] child 7 exited with code 255 after 0.2 seconds",
)


def rolled_back() -> Iterator[Timed]:
    """The new image's replicas never answer well; everything is taken back."""
    out, starting = Stage.OUTGOING, Stage.STARTING
    yield from pull()
    yield from planned()
    yield 0.0, Noted("php-fpm has no healthcheck; asking FastCGI /ping")
    yield from step(1, 1.2, (1.1, seen(out, out, starting, starting)))
    yield 0.0, StepStarted(2, 8, STEPS[1], REASONS[1])
    refused = 'status 500, body: Class "Cache" not found'
    yield 0.9, Probed("php-fpm", "staging-php-fpm-3", passed=False, detail=refused)
    yield 0.9, seen(out, out, starting, starting)
    yield 0.1, StepFailed(2, 8, STEPS[1], "staging-php-fpm-3 answered status 500 for 60s")
    yield 0.7, StepUndone(STEPS[0], 0.7)
    yield 0.0, seen(Stage.CURRENT, Stage.CURRENT)
    yield (
        0.0,
        Finished(
            Outcome.ROLLED_BACK,
            "staging-php-fpm-3 answered status 500 for 60s",
            65.4,
            serving="staging-php-fpm-1 and staging-php-fpm-2, which never noticed",
            help="`docker run --rm -it registry.example.com/staging/php-fpm:staging php-fpm -t`",
            evidence=LOG,
        ),
    )


def events(stream: Iterator[Timed]) -> list[Event]:
    """The events without their times."""
    return [event for _, event in stream]
