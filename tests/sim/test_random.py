"""Any project, image, fault, interference and race: the judge watches, one more run ends it well.

`make sim` draws many more: see `tests.sim.__main__`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.sim.effort import HISTORIES
from tests.sim.histories import History, Play
from tests.sim.strategies import histories


@settings(
    max_examples=HISTORIES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(histories())
def test_whatever_happens_in_the_end_all_replicas_are_new_and_nothing_is_left(
    history: History,
) -> None:
    Play(history).perform()
