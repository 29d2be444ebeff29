"""When the answers of new replicas send traffic back, and what is then said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.model import Answered
from composeroll.rollout.errors_share import (
    SAMPLES,
    Breach,
    Count,
    Limit,
    Tally,
    percent,
    share_of_errors,
)

ONE, TWO, OLD = "10.0.0.5:80", "10.0.0.6:80", "10.0.0.2:80"
NEW = frozenset({ONE, TWO, "app"})


def answers(good: int, bad: int, address: str = ONE, status: int = 500) -> list[Answered]:
    """So many good ones, then so many bad ones."""
    statuses = [200] * good + [status] * bad
    return [Answered(address, s, f"{s} {address} {n}") for n, s in enumerate(statuses)]


def verdict(*found: list[Answered], limit: Limit = Limit(0.05, 20)) -> Breach | None:  # noqa: B008 - frozen
    """What is said of these answers."""
    tally = Tally(NEW)
    for some in found:
        tally.take(some)
    return tally.verdict(limit)


@pytest.mark.parametrize(
    ("good", "bad", "broken"),
    [
        (19, 1, False),
        (18, 2, True),
        (0, 19, False),
        (0, 20, True),
        (95, 5, False),
        (94, 6, True),
        (10, 0, False),
        (0, 0, False),
    ],
)
def test_more_than_the_share_of_enough_answers_breaks_the_limit(
    good: int, bad: int, *, broken: bool
) -> None:
    assert bool(verdict(answers(good, bad))) is broken


@pytest.mark.parametrize(
    ("status", "broken"), [(499, False), (404, False), (0, False), (503, True)]
)
def test_only_what_is_the_servers_fault_counts(status: int, *, broken: bool) -> None:
    assert bool(verdict(answers(0, 50, status=status))) is broken


def test_answers_of_others_do_not_count() -> None:
    assert verdict(answers(0, 500, OLD), answers(50, 0)) is None


def test_what_the_old_ones_always_answered_is_allowed_too() -> None:
    usual = Limit(0.05, 20, before=0.1)
    assert verdict(answers(85, 15), limit=usual) is None
    assert verdict(answers(84, 16), limit=usual)
    assert str(usual) == "5% allowed beyond the 10% of the old ones"


def test_one_bad_replica_among_many_good_answers_is_found() -> None:
    found = verdict(answers(1000, 0, TWO), answers(10, 10, ONE))
    assert found
    assert (found.address, str(found.count)) == (ONE, "10 of 20 requests with 5xx (50%)")
    assert found.total == Count(1020, 10)


def test_replicas_that_are_each_asked_too_seldom_are_judged_together() -> None:
    found = verdict(answers(8, 2, ONE), answers(9, 3, TWO))
    assert found
    assert found.address == TWO
    assert len(found.lines) == 3


def test_an_upstream_with_no_server_alive_is_an_error_of_the_upstream() -> None:
    found = verdict(answers(30, 0), answers(0, 10, "app", 502))
    assert found
    assert found.address == "app"


def test_the_newest_lines_are_the_evidence() -> None:
    found = verdict(answers(0, 30))
    assert found
    assert found.lines == tuple(f"500 {ONE} {n}" for n in range(30 - SAMPLES, 30))


def test_a_hundred_per_cent_allows_everything() -> None:
    assert verdict(answers(0, 500), limit=Limit(1.0, 1)) is None


@pytest.mark.parametrize(
    ("good", "bad", "share"), [(90, 10, 0.1), (5, 5, 0.0), (0, 0, 0.0), (0, 20, 1.0)]
)
def test_too_few_answers_of_the_old_ones_tell_nothing(good: int, bad: int, share: float) -> None:
    found = share_of_errors(answers(good, bad, OLD), frozenset({OLD}), 20)
    assert found == pytest.approx(share)


@given(st.lists(st.sampled_from([200, 404, 502]), max_size=80), st.floats(0, 1))
def test_whatever_is_answered_only_what_exceeds_the_share_goes_back(
    statuses: list[int], share: float
) -> None:
    bad, enough = statuses.count(502), len(statuses) >= 20
    found = verdict([Answered(ONE, s, "") for s in statuses], limit=Limit(share, 20))
    assert bool(found) is (enough and bad / len(statuses) > share)


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "0.4%"), (0.05, "5%"), (0.308, "31%"), (1, "100%")]
)
def test_shares_are_written_for_people(share: float, text: str) -> None:
    assert percent(share) == text
