"""dockerd restarted with live containers, between updates and in the middle of one.

With `live-restore` the containers do not notice. Without it they are down until dockerd is back,
and after a SIGKILL until somebody starts them. All the time a `sync --watch` stays.
"""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

from tests.bed import registry, state
from tests.e2e.harness import claims, docker
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import CALM, ended_with, update
from tests.e2e.harness.watching import Watch, names_exactly, names_its_own, watching
from tests.load import Failure, Load, Result, Window
from tests.long import recipes
from tests.long.back import all_run
from tests.long.course import Course
from tests.long.engine import OwnEngine, own_engine
from tests.long.moments import Moment, Usual, any_moment, watched

SERVICES = ("app", "other")
CLIENTS = replace(CALM, rate=60, post=1, half_post=0, connect_timeout=2.0, timeout=8.0)
BACK_WITHIN = 20.0
"""Seconds until the engine has started what its restart policies say."""

MENDED_WITHIN = 60.0
REFUSED = {Failure.CONNECT_REFUSED, Failure.CONNECT_TIMEOUT}
"""What a dockerd that starts does to new connections: it makes the rules of its ports anew."""

WAITING = ("--lock-wait", "30s")
"""For the one that watches: while it mends it has the lock, for a second or two."""

LOST_ENGINE = (1, 5, 6)
"""How an update ends that loses its engine, by how far it was; 0 where it was done."""


def run(course: Course, directory: Path) -> None:
    """Each round: SIGTERM and SIGKILL to dockerd, between updates and during one.

    First without live-restore, then as many rounds with it, in half of the time each.
    """
    for live in (False, True):
        settings = {"live-restore": live, "userland-proxy": False}
        with (
            own_engine(directory / f"engine-{live}", **settings) as engine,
            running(recipes.restarting(), directory, prefix=recipes.PREFIX) as stack,
        ):
            ended_with(stack.update(*SERVICES), 0)
            stack.push("usual")
            usual = watched(stack, "app")
            with watching(stack) as watch:
                for number in course.each(2):
                    both_ways(course, stack, engine, number, usual, watch)
                    pruned(course, stack, number, usual)
                with course.promised("sync --watch ends with 0 on SIGTERM"):
                    assert watch.end() == 0, watch.said
            course.keep(f"watch-live-restore-{live}.log", watch.said)


def both_ways(
    course: Course, stack: Stack, engine: OwnEngine, number: int, usual: Usual, watch: Watch
) -> None:
    """One round on one engine."""
    live = engine.settings["live-restore"]
    for signum, during in product((signal.SIGTERM, signal.SIGKILL), (False, True)):
        how = f"{signum.name}, {'during' if during else 'between'}, live-restore {live}"
        moment = any_moment(number, usual) if during else None
        stack.push(f"{number}-{signum.name}-{during}")
        before = claims.Before.of(stack)
        with Load(stack.url, CLIENTS) as load:
            load.after_requests(50)
            load.mark("down")
            lost = restart(stack, engine, signum, moment)
            started = bring_back(course, stack, how)
            with course.promised(f"{how}: every upstream is right again, by sync --watch"):
                state.await_state("Right upstreams", partial(right, stack, lost), MENDED_WITHIN)
            course.took(f"{how}: until upstreams are right", time.monotonic() - started)
            with course.promised(f"{how}: the same command converges"):
                again(stack, before, lost)
            load.mark("right")
            load.after_requests(50)
        tell(course, load.result(), how, live=live)
        with course.promised(f"{how}: sync --watch lives"):
            assert watch.process.poll() is None, watch.said
        course.say(f"{how}: {f'the update ended with {lost.code}' if lost else 'done'}")


def pruned(course: Course, stack: Stack, number: int, usual: Usual) -> None:
    """`docker system prune` amid an update: it takes locks, and what is only created."""
    stack.push(f"{number}-pruned")
    before = claims.Before.of(stack)
    with Load(stack.url, CLIENTS) as load:
        load.after_requests(50)
        with update(stack, *recipes.DRAIN, "app") as run:
            any_moment(2 * number, usual).wait(run)
            docker.docker("system", "prune", "--force")
            done = run.end()
        course.counts[f"pruned: the update ended with {done.code}"] += 1
        with course.promised("pruned: the same command converges"):
            again(stack, before, done)
        load.after_requests(50)
    course.answered(load.result(), "pruned: requests")
    with course.promised("pruned: no request fails"):
        claims.nothing_was_lost(load.result())
    course.say(f"pruned: the update ended with {done.code}")


def restart(stack: Stack, engine: OwnEngine, signum: int, moment: Moment | None) -> Done | None:
    """End dockerd and start it again, in the middle of an update if there is a moment."""
    if moment is None:
        engine.end(signum)
        engine.start()
        return None
    with update(stack, *recipes.DRAIN, "app") as run:
        moment.wait(run)
        engine.end(signum)
        done = run.end()
        engine.start()
    return done


def bring_back(course: Course, stack: Stack, how: str) -> float:
    """Wait for the restart policies; what stays down is started by hand. When all ran."""
    if not all_run(stack, BACK_WITHIN):
        course.counts[f"{how}: containers stayed down, started by hand"] += 1
        stack.compose("start")
        docker.docker("start", registry.NAME)
    state.await_state("The registry", registry.answers, BACK_WITHIN)
    return time.monotonic()


def again(stack: Stack, before: claims.Before, lost: Done | None) -> None:
    """The same command: all replicas are new, and nothing is left."""
    if lost:
        assert lost.code in (0, *LOST_ENGINE), str(lost)
        assert "Traceback" not in lost.stderr, str(lost)
    ended_with(stack.update(*recipes.DRAIN, *WAITING, "app"), 0)
    claims.all_are_new(stack, "app", before.containers, 2)
    # the one that watches may hold a lock for a moment, and mend
    tidy = replace(before, containers=stack.containers())
    state.await_state("A tidy stack", partial(_is_tidy, stack, tidy), MENDED_WITHIN)
    is_tidy(stack, ("app",), tidy)


def _is_tidy(stack: Stack, before: claims.Before) -> bool:
    try:
        is_tidy(stack, ("app",), before)
    except AssertionError:
        return False
    return True


def right(stack: Stack, lost: Done | None) -> bool:
    """Whether every upstream names its own replicas: all, or one side of a broken rollout."""
    own = names_its_own if lost else names_exactly
    return all(own(stack, service) for service in SERVICES)


def tell(course: Course, result: Result, how: str, *, live: bool) -> None:
    """Count what was lost: nothing with live-restore, and nothing once all is right."""
    course.answered(result, f"{how}: requests")
    after = result.failures(Window(begin=result.at("right")))
    strangers = [name for name in result.versions() if not name.startswith("app-")]
    with course.promised(f"{how}: nothing fails once it is right, and no stranger answers"):
        assert not after, str(after)
        assert not strangers, str(strangers)
    if live:
        with course.promised(f"{how}: with live-restore no connection that is open is lost"):
            assert set(result.failures()) <= REFUSED, str(result.failures())
