"""`-q`: silence, but for warnings and for an end that is no success."""

from __future__ import annotations

from composeroll.report.events import Event, Finished, Outcome, Planned, Warned
from composeroll.report.plain import PlainReporter

GOOD = frozenset({Outcome.UPDATED, Outcome.UP_TO_DATE, Outcome.PLANNED, Outcome.WATCH_ENDED})


class QuietReporter(PlainReporter):
    """Plain lines for what must not be missed; a plan that was asked for is still the answer."""

    def __call__(self, event: Event) -> None:
        """Write the event if it is worth breaking the silence."""
        if self._speaks(event):
            super().__call__(event)

    def _speaks(self, event: Event) -> bool:
        if isinstance(event, Finished):
            return event.outcome not in GOOD
        return isinstance(event, Warned) or (isinstance(event, Planned) and self._data is not None)
