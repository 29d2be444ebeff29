"""What a test needs to make trouble in the middle of an update, and to see that nobody noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tests.e2e.harness import claims, docker, tally
from tests.e2e.harness.pausing import Pause, pausing
from tests.e2e.harness.rate import rate
from tests.e2e.harness.recipe import INCLUDES
from tests.e2e.harness.stack import ENDS_WITHIN, Done, Stack
from tests.load import Load, Mix

CALM = Mix(
    rate=rate(75),
    keepalive=3,
    fresh=2,
    post=2,
    half_post=1,
    slow=0,
    idle=1,
    websocket=0,
    half_pause=(0.2, 0.4),
    idle_pause=0.5,
    version_header="X-Image",
)
"""Every kind of short request: nothing that would hold an old worker for long."""

LONG = Mix(**{**CALM.to_json(), "slow": 4, "slow_path": "/slow?s=3"})
"""Requests of three seconds too, so that a drain takes as long."""


BRIEF = 60
"""Requests before and after the trouble; the longest of CALM's takes half a second."""


@dataclass(frozen=True)
class Seen:
    """Everything of a stack that a rollout could change, so that two looks can be compared."""

    before: claims.Before
    includes: tuple[str, ...]
    images: str
    networks: str
    written: tuple[str, ...] = ()

    @classmethod
    def of(cls, stack: Stack, *, written: bool = True) -> Self:
        """The stack as it is now; `written`: when each file in the include's directory was too."""
        label = f"label={docker.PROJECT}={stack.project}"
        tags = ("--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
        return cls(
            claims.Before.of(stack),
            tuple(text for service in stack.recipe.includes for text in stack.includes(service)),
            docker.docker("images", *tags, "--filter", f"reference={stack.registry}/*"),
            docker.docker("network", "ls", "--no-trunc", "--quiet", "--filter", label),
            tuple(_written(gateway.id) for gateway in stack.gateways) if written else (),
        )


def _written(container: str) -> str:
    return docker.docker(
        "exec", container, "find", INCLUDES, "-type", "f", "-exec", "stat", "-c", "%n %y", "{}", "+"
    )


@dataclass
class Running:
    """A running composeroll, followed by its own events.

    Attributes:
        pause: where it waits, if it does.
        events: what it has emitted so far, from `--json`.
    """

    stack: Stack
    process: subprocess.Popen[str]
    pause: Pause | None = None
    events: list[Mapping[str, Any]] = field(default_factory=list)

    def until(self, **wanted: str) -> Mapping[str, Any]:
        """Wait for an event whose fields begin with what is wanted."""
        for event in self.emitted():
            if all(str(event.get(key, "")).startswith(start) for key, start in wanted.items()):
                return event
        raise AssertionError(f"it ended without {wanted}: {self.events}\n{self.end()}")

    def begins(self, step: str) -> bool:
        """Wait until the step that begins with this word begins; False where it ends without."""
        return any(
            event["event"] == "step_started" and str(event["step"]).startswith(step)
            for event in self.emitted()
        )

    def step(self, words: str) -> None:
        """Wait until the step that begins with these words begins."""
        self.until(event="step_started", step=words)

    def go_on(self) -> None:
        """Let it do the step at whose beginning it waits."""
        assert self.pause
        self.pause.over()

    def signal(self, number: int) -> None:
        """Send a signal to the process itself."""
        self.process.send_signal(number)

    def end(self) -> Done:
        """Wait for its end."""
        list(self.emitted())
        assert self.process.stderr
        emitted = "".join(f"{json.dumps(event)}\n" for event in self.events)
        errors = self.process.stderr.read()
        code = self.process.wait(ENDS_WITHIN)
        done = Done(tuple(map(str, self._argv)), code, emitted, errors)
        self.stack.said.append(done)
        return done

    @property
    def _argv(self) -> tuple[object, ...]:
        argv = self.process.args
        return tuple(argv) if isinstance(argv, list | tuple) else (argv,)

    def emitted(self) -> Iterator[Mapping[str, Any]]:
        """Its events from here on, as they come."""
        assert self.process.stdout
        for line in self.process.stdout:
            event: Mapping[str, Any] = json.loads(line)
            self.events.append(event)
            yield event


@contextmanager
def update(
    stack: Stack, *words: str, env: Mapping[str, str] | None = None, pause: str = ""
) -> Iterator[Running]:
    """An update that goes on beside the test; killed if the test ends before it does.

    It waits for `go_on` wherever a step begins with the word `pause`.
    """
    with ExitStack() as ends:
        waits = ends.enter_context(pausing(pause)) if pause else None
        with _begin(stack, words, env or {}, waits) as process:
            try:
                yield Running(stack, process, waits)
            finally:
                if process.poll() is None:
                    process.kill()


def _begin(
    stack: Stack, words: tuple[str, ...], env: Mapping[str, str], pause: Pause | None
) -> subprocess.Popen[str]:
    composeroll = pause.argv if pause else [sys.executable, "-m", "composeroll"]
    return subprocess.Popen(
        [*composeroll, "update", *stack.selection, "--json", *words],
        cwd=stack.directory,
        env={**os.environ, **stack.environment, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(pause.reads,) if pause else (),
        encoding="utf-8",
    )


@contextmanager
def brief_load(stack: Stack, mix: Mix = CALM) -> Iterator[Load]:
    """A load that answers well before the block and goes on after it, and is counted."""
    with Load(stack.url, mix) as load:
        load.after_requests(BRIEF)
        yield load
        load.after_requests(BRIEF)
    tally.add(load.result())


@contextmanager
def nobody_notices(stack: Stack, mix: Mix = CALM, *, pulled: bool = False) -> Iterator[Load]:
    """Load, none of which fails, and a stack that is afterwards what it was.

    With `pulled`, a tag may name another image: a pull is not taken back.
    """
    before = Seen.of(stack, written=False)
    with brief_load(stack, mix) as load:
        yield load
    claims.nothing_was_lost(load.result())
    after = Seen.of(stack, written=False)
    assert (replace(after, images=before.images) if pulled else after) == before


def ended_with(done: Done, code: int, *words: str) -> None:
    """It ended with this code, without a traceback, and said these words."""
    said = done.stdout + done.stderr
    assert done.code == code, str(done)
    assert "Traceback" not in said, str(done)
    assert "error in composeroll itself" not in said, str(done)
    missing = [word for word in words if word not in said]
    assert not missing, f"it does not say {missing}:\n{done}"


@contextmanager
def untouched(stack: Stack, *, written: bool = True) -> Iterator[None]:
    """Nothing of the stack changes: no container, no tag, no network, and no file is written.

    Of a gateway without a shell the files alone are compared, and not when they were `written`.
    """
    before = Seen.of(stack, written=written)
    yield
    assert Seen.of(stack, written=written) == before
