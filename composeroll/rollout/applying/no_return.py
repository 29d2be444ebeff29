"""Failures past the point of no return: the next run finishes what this one began."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from composeroll.errors import ComposerollError, Unfinished
from composeroll.rollout.applying.apply import AGAIN, what_of


@contextmanager
def past_no_return(serving: str) -> Iterator[None]:
    """Turn every failure past the point of no return into `Unfinished`.

    Args:
        serving: what serves by now.

    Raises:
        Unfinished: in place of any other error, and of a signal.
    """
    try:
        yield
    except Unfinished:
        raise
    except ComposerollError as failure:
        raise unfinished(failure, serving) from failure
    except Exception as bug:
        raise Unfinished(what_of(bug), serving, AGAIN) from bug


def unfinished(failure: ComposerollError, serving: str) -> Unfinished:
    """Return the error that replaces a failure past the point of no return."""
    return Unfinished(failure.what, serving, AGAIN, failure.evidence)
