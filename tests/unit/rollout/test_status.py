"""What `status` says about a service, and what it leaves to a rollout that is at work."""

from __future__ import annotations

from composeroll.rollout.lock.note import Held
from composeroll.rollout.status import notes_of
from tests.unit.rollout.makers import replica, state, wiring

DOUBLED = state([replica(number) for number in (1, 2, 3, 4)], wiring(1, 2))
AT_WORK = Held("app", "root@host (pid 7)", "12s", "composeroll update app")


def test_what_a_rollout_has_under_way_is_no_drift() -> None:
    assert notes_of(DOUBLED, {}, {"app": AT_WORK}) == (
        "a rollout runs, by root@host (pid 7), since 12s",
    )


def test_what_no_rollout_has_under_way_is_told_with_its_mend() -> None:
    told = " ".join(notes_of(DOUBLED, {}, {"other": AT_WORK}))
    assert "`composeroll sync app` puts it right" in told
