"""An update under load, with everything that must hold afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.e2e.harness import claims, tally
from tests.e2e.harness.rate import rate
from tests.e2e.harness.stack import Done, Stack
from tests.load import Load, Mix

STEADY = 1.0
"""Seconds of load before and after an update."""

LIMIT = 240.0

FULL = Mix(
    rate=rate(100),
    post_path="/post",
    slow_path="/slow?s=3",
    echo=True,
    version_header="X-Image",
    idle_pause=1.0,
)
"""Every kind of client but websockets, which keep nginx's old workers for as long as they live."""

WITH_WEBSOCKETS = replace(FULL, websocket_path="/ws")
"""For updates with a drain timeout of seconds, and apps that say goodbye to their websockets."""

DRAIN = ("--drain-timeout", "5s")
"""Longer than any request of the mix: what then still holds an old worker is a websocket."""


@contextmanager
def under_load(
    stack: Stack, mix: Mix = FULL, url: str = "", limit: float = LIMIT
) -> Iterator[Load]:
    """A load that is steady before what happens in the block and after it, and is counted.

    It goes to the stack's first gateway, or to `url`, for at most `limit` seconds.
    """
    with Load(url or stack.url, mix, limit=limit) as load:
        load.after_seconds(STEADY)
        yield load
        load.after_seconds(STEADY)
    tally.add(load.result())


def roll(
    stack: Stack,
    *services: str,
    old: str = "1",
    new: str = "2",
    mix: Mix = FULL,
    flags: tuple[str, ...] = (),
    count: int = 0,
) -> Done:
    """Push `new`, update under load, and hold the rollout to every promise.

    Args:
        stack: where.
        services: what is updated; the last one's version is what answers.
        old: the version that answers before.
        new: the version that answers afterwards.
        mix: the clients.
        flags: more for the command line.
        count: replicas of the last one afterwards; as many as before where it is not said.
    """
    before = claims.Before.of(stack)
    with under_load(stack, mix) as load:
        for service in services:
            stack.push(new, service)
        load.mark("began")
        done = stack.update(*flags, *services)
        load.mark("ended")
    assert done.code == 0, str(done)
    claims.nothing_was_lost(load.result())
    claims.the_version_changed(load.result(), old, new)
    with stack.at_rest():
        for service in services:
            wanted = count if service == services[-1] and count else before.count(service)
            claims.all_are_new(stack, service, before.containers, wanted)
        is_tidy(stack, services, before)
    return done


def is_tidy(stack: Stack, services: tuple[str, ...], before: claims.Before) -> None:
    """Include, other services and compose's own view are as after no rollout at all."""
    with stack.at_rest():
        for service in stack.recipe.includes.keys() & set(services):
            claims.names_count_from_one(stack, service)
            claims.the_include_names_exactly_the_replicas(stack, service)
        claims.others_were_not_touched(stack, services, before.containers)
        claims.nothing_is_left_over(stack, before)
        claims.compose_has_nothing_to_do(stack, *services)
