"""What a run that went well says in the end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from composeroll.cli.ended import BACK, RUNS, SCALED, ended_with
from composeroll.errors import EngineUnreachable
from composeroll.model import ContainerState, Replica
from composeroll.report.events import Outcome
from composeroll.rollout.stack import Stack
from tests.unit.rollout.makers import NEW, OLD, replica


def said(*replicas: Replica, words: str, services: tuple[str, ...] = ("app",)) -> str:
    """What is said of these replicas."""
    engine = SimpleNamespace(replicas=lambda _: replicas)
    stack = cast("Stack", SimpleNamespace(engine=engine))
    return ended_with(stack, Outcome.UPDATED, services, words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (RUNS, "app runs bbbbbbbbbbbb on 2 replicas"),
        (SCALED, "app is scaled to 2 replicas of bbbbbbbbbbbb"),
        (BACK, "app is back at bbbbbbbbbbbb on 2 replicas"),
        ("", "app: updated"),
    ],
)
def test_each_verb_says_what_runs_in_its_own_words(words: str, sentence: str) -> None:
    assert said(replica(1, NEW), replica(2, NEW), words=words) == sentence


def test_each_service_has_its_own_sentence_and_each_image_is_named() -> None:
    found = (replica(1, OLD), replica(2, NEW), replica(3, NEW, of="api"))
    assert said(*found, words=RUNS, services=("app", "api")) == (
        "app runs aaaaaaaaaaaa and bbbbbbbbbbbb on 2 replicas; api runs bbbbbbbbbbbb on 1 replica"
    )


def test_what_is_run_once_runs_no_more() -> None:
    """A migration that had ended was said to run on 1 replica."""
    ended = replica(1, NEW, of="migrate", state=ContainerState.EXITED)
    assert (
        said(ended, words=RUNS, services=("migrate",)) == "migrate has run bbbbbbbbbbbb to its end"
    )


def test_one_that_is_scaled_to_nothing_has_no_image() -> None:
    assert said(words=SCALED) == "app has no replicas now"


def test_an_engine_that_is_gone_by_then_makes_no_failure_of_a_success() -> None:
    def gone(names: object) -> None:
        raise EngineUnreachable(str(names))

    stack = cast("Stack", SimpleNamespace(engine=SimpleNamespace(replicas=gone)))
    assert ended_with(stack, Outcome.UPDATED, ("app",), RUNS) == "app: updated"
