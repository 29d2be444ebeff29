"""What `scale` refuses, and what it says of replicas that it leaves outdated."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import UsageError
from composeroll.model import Attachment
from composeroll.report.events import Event, Outcome, Warned
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import Front, Observed, ServiceState
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.scale import scale, surplus
from composeroll.rollout.steps import ConfirmReady
from tests.unit.rollout.makers import NEW, replica, service, state, wiring

GATEWAY = Front(("1" * 64,), Attachment("n1", "shop_default", "10.0.0.1"))


def scaled(
    observed: ServiceState, count: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Outcome, list[Event]]:
    """Scale a service to so many replicas, where nothing stands in the way; what was told."""
    events: list[Event] = []
    for name, answer in (
        ("behind", ()),
        ("look", Observed("shop", (observed,))),
        ("pass_preflight", None),
        ("roll", Outcome.UPDATED),
    ):
        monkeypatch.setattr(
            f"composeroll.rollout.scale.{name}", lambda *_, answer=answer, **__: answer
        )
    locks = SimpleNamespace(
        hold=lambda *_: nullcontext(Intent()), record_intent=lambda intent, **_: intent
    )
    stack = SimpleNamespace(
        project=SimpleNamespace(to_roll=lambda _: (observed.service,), services={}),
        locks=locks,
        world=SimpleNamespace(emit=events.append),
    )
    return scale(cast("Any", stack), {"app": count}), events


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        (state([replica(1, NEW)], wiring(1)), "an nginx upstream needs a server"),
        (state([replica(1, NEW)], front=GATEWAY), "requests need a gateway"),
    ],
)
def test_what_gets_requests_is_not_scaled_to_nothing_but_stopped_where_it_is_to_be_down(
    observed: ServiceState, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=f"app cannot be scaled to 0: {why}") as refused:
        scaled(observed, 0, monkeypatch)
    assert refused.value.help == "`docker compose stop app` stops it"
    assert scaled(observed, 1, monkeypatch) == (Outcome.UPDATED, [])


def test_a_worker_may_be_scaled_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scaled(state([replica(1, NEW)]), 0, monkeypatch) == (Outcome.UPDATED, [])


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ([1], "1 replica of app is outdated and stays outdated"),
        ([1, 2], "2 replicas of app are outdated and stay outdated"),
    ],
)
def test_what_stays_outdated_is_told_with_the_command_that_updates_it(
    old: list[int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, events = scaled(state([replica(number) for number in old]), 2, monkeypatch)
    assert events == [Warned(f"{said}; new ones are not: `composeroll update app`")]


@pytest.mark.parametrize(
    ("count", "leaving", "goes"), [(2, (), [2]), (1, (), [2, 3]), (2, (1,), []), (3, (), [])]
)
def test_of_too_many_the_outdated_go_first_and_then_those_with_the_highest_numbers(
    count: int, leaving: tuple[int, ...], goes: list[int]
) -> None:
    """What a broken rollout was to remove goes in any case, and is counted no more."""
    mixed = Observed("shop", (state([replica(1, NEW), replica(2), replica(3, NEW)]),))
    reasons = surplus(mixed, {"app": count}, [replica(number).id for number in leaving])
    assert sorted(reasons) == [replica(number).id for number in goes]


def test_a_worker_that_is_scaled_to_nothing_beside_another_has_nothing_to_confirm() -> None:
    numbered = [("worker", 1), ("worker", 2), ("mailer", 3), ("mailer", 4)]
    workers = [replica(number, NEW, of=name) for name, number in numbered]
    states = [
        state([w for w in workers if w.service == name], of=service(name))
        for name in ("worker", "mailer")
    ]
    counts = {"worker": 0, "mailer": 1}
    observed = Observed("shop", tuple(states))
    plan = plan_rollout(observed, surplus(observed, counts), counts)
    (confirmed,) = [step for step in plan.reversible if isinstance(step, ConfirmReady)]
    assert [incoming.service for incoming in confirmed.incoming] == ["mailer"]
