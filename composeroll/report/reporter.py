"""The base class of the renderers, and two that pass events on."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from composeroll.report.events import Event
from composeroll.report.wording import each_text


class Reporter:
    """Shows the events of one run, inside a `with` block.

    Subclasses say whether they are safe to call from several threads. A reporter never raises
    because of its stream.
    """

    @property
    def shows_replicas(self) -> bool:
        """Whether it shows `ReplicasSeen`, which takes requests to the engine to make."""
        return True

    def __call__(self, event: Event) -> None:
        """Show one event."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, leaving the terminal as it was found."""
        self.close()

    def close(self) -> None:
        """Release what the reporter holds (a timer, a part of the screen)."""


class Saying(Reporter):
    """Passes every event on, with each text in it changed.

    Args:
        to: the reporter that shows the events.
        change: returns what to show in place of a text.
    """

    def __init__(self, to: Reporter, change: Callable[[str], str]) -> None:
        self._to = to
        self._change = change

    @property
    def shows_replicas(self) -> bool:
        """Whether the reporter behind it does."""
        return self._to.shows_replicas

    def __call__(self, event: Event) -> None:
        """Show one event."""
        self._to(each_text(event, self._change))

    def __enter__(self) -> Self:
        """Begin."""
        self._to.__enter__()
        return self

    def close(self) -> None:
        """End."""
        self._to.close()


class Both(Reporter):
    """Passes every event to two reporters."""

    def __init__(self, first: Reporter, second: Reporter) -> None:
        self._all = (first, second)

    @property
    def shows_replicas(self) -> bool:
        """Whether one of them does."""
        return any(reporter.shows_replicas for reporter in self._all)

    def __call__(self, event: Event) -> None:
        """Show one event in both."""
        for reporter in self._all:
            reporter(event)

    def __enter__(self) -> Self:
        """Begin both."""
        for reporter in self._all:
            reporter.__enter__()
        return self

    def close(self) -> None:
        """End both."""
        first, second = self._all
        try:
            first.close()
        finally:
            second.close()
