"""New replicas are judged by what nginx's log says of them, and of the old ones before."""

from __future__ import annotations

import pytest

from composeroll.errors import NotReady
from composeroll.model import Answered
from composeroll.report.events import Noted, Watching
from composeroll.rollout.steps.judge import Judge, Judged
from composeroll.rollout.steps.sets import Incoming
from tests.unit.rollout.makers import NEW, replica, wiring
from tests.unit.rollout.watched import Log, Watched

OLD = replica(1)
ROUTE = wiring(1).route
JUDGED = Judged(Incoming("app", frozenset({OLD.id})), ROUTE, share=0.05, least=20)


def answers(good: int, bad: int, address: str) -> list[Answered]:
    """So many of each from one server."""
    return [Answered(address, s, f"{address} {s}") for s in [200] * good + [500] * bad]


def judge(log: Log) -> tuple[Watched, Judge]:
    """The judge of replicas 2 and 3, which are new beside 1."""
    seen = Watched([OLD, replica(2, NEW), replica(3, NEW)], log)
    return seen, Judge(seen.world, JUDGED)


def notes(seen: Watched) -> list[str]:
    return [event.text for event in seen.events if isinstance(event, Noted)]


def test_the_replica_its_share_the_bound_the_lines_and_its_last_words_are_told() -> None:
    log = Log(new=[*answers(83, 37, "10.0.0.3:80"), *answers(80, 0, "10.0.0.2:80")])
    _, judging = judge(log)
    with pytest.raises(NotReady) as failure:
        judging.look()
    assert failure.value.what == (
        "shop-app-3 answered 37 of 120 requests with 5xx (31%); 5% allowed"
    )
    assert failure.value.evidence == (
        "all new replicas of app: 37 of 200 requests with 5xx (18%)",
        "nginx's last lines of them:",
        *["  10.0.0.3:80 500"] * 5,
        "the last lines of shop-app-3:",
        "  its last words",
    )


def test_answers_of_the_old_ones_are_not_held_against_the_new() -> None:
    seen, judging = judge(Log(new=[*answers(0, 90, "10.0.0.1:80"), *answers(30, 0, "10.0.0.2:80")]))
    judging.look()
    assert seen.events == [Watching("app", 30, 0)]


def test_what_the_old_ones_answered_before_is_allowed_on_top() -> None:
    usual = answers(90, 10, "10.0.0.1:80")
    _, judging = judge(Log(before=usual, new=answers(86, 14, "10.0.0.2:80")))
    judging.look()
    _, judging = judge(Log(before=usual, new=answers(80, 20, "10.0.0.2:80")))
    with pytest.raises(NotReady, match="5% allowed beyond the 10% of the old ones"):
        judging.look()


def test_addresses_that_the_new_ones_have_from_others_are_no_past_of_theirs() -> None:
    _, judging = judge(
        Log(before=answers(0, 100, "10.0.0.2:80"), new=answers(80, 20, "10.0.0.2:80"))
    )
    with pytest.raises(NotReady, match="; 5% allowed"):
        judging.look()


@pytest.mark.parametrize("address", ["", "app"])
def test_errors_of_nobody_in_particular_are_the_upstreams(address: str) -> None:
    _, judging = judge(Log(new=answers(20, 20, address)))
    with pytest.raises(NotReady, match="upstream app answered 20 of 40"):
        judging.look()


def test_just_enough_requests_are_judged_and_nothing_is_said() -> None:
    seen, judging = judge(Log(new=answers(20, 0, "10.0.0.2:80")))
    judging.conclude()
    assert notes(seen) == []


def test_too_few_requests_are_told_and_no_reason_to_go_back() -> None:
    seen, judging = judge(Log(new=answers(0, 19, "10.0.0.2:80")))
    judging.conclude()
    assert notes(seen) == [
        "19 requests reached the new replicas of app: too few to judge (min_requests: 20)"
    ]


def test_what_cannot_be_seen_is_told_and_no_reason_to_go_back() -> None:
    seen, judging = judge(Log(hidden=["access_log off keeps no log"], seen=False))
    judging.look()
    judging.conclude()
    assert notes(seen) == ["5xx answers of app are not watched: access_log off keeps no log"]
    assert not [event for event in seen.events if isinstance(event, Watching)]


def test_a_log_that_breaks_meanwhile_is_told_once_and_no_reason_to_go_back() -> None:
    seen, judging = judge(Log(broken=True))
    for _ in range(3):
        judging.look()
    assert notes(seen) == ["nginx's log cannot be read now: the gateway does not run"]
