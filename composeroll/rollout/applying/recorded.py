"""The record of a rollout: the images it keeps, and its entry in the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from msgspec import Struct

from composeroll.errors import ComposerollError, Interrupted, Locked, LockLost, Unfinished
from composeroll.report.events import Warned
from composeroll.rollout.applying.no_return import past_no_return
from composeroll.rollout.history.revision import Result
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack


class Entry(Struct):
    """The entry that the history will get.

    Attributes:
        serving: what serves, as a sentence, once a batch of the new version does; empty before.
    """

    serving: str = ""


@contextmanager
def recorded(
    stack: Stack, observed: Observed, plan: Plan, counts: Mapping[str, int]
) -> Iterator[Entry]:
    """Keep the current images, and record the end of the rollout in the history.

    A version that has served is recorded as such, however the rollout ended. A run that has lost
    its lock records nothing: the run that took it does.
    """
    entry = Entry()
    began = stack.world.clock.now()
    for name in stack.book.keep_what_runs(observed.services):
        gone = (
            f"the image that {name} runs is no longer on the engine: no rollback can bring it back"
        )
        stack.world.emit(Warned(gone))

    def record(result: Result) -> None:
        seconds = stack.world.clock.now() - began
        with _only_warned(stack):
            stack.book.record(observed.services, result, seconds, counts, plan.brings)

    try:
        yield entry
    except (Locked, LockLost):
        raise
    except BaseException as failure:
        serves = entry.serving or isinstance(failure, Unfinished)
        with suppress(Interrupted):  # the run ends anyway, with the first failure
            record(Result.UPDATED if serves else Result.FAILED)
        raise
    with past_no_return(entry.serving):
        record(Result.UPDATED)


@contextmanager
def _only_warned(stack: Stack) -> Iterator[None]:
    """Turn a failure to write the history into a warning: it must not fail the rollout."""
    try:
        yield
    except Interrupted:
        raise
    except ComposerollError as error:
        stack.world.emit(Warned(f"the history could not be written: {error.what}"))
