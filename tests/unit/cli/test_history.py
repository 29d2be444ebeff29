"""What `history` tells, and of which services."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from composeroll.cli.history import every_service, past
from composeroll.config.project import read_project
from composeroll.rollout.history.revision import Result, Revision
from composeroll.rollout.stack import Stack

RAN = {"app": ("08:00", "12:00"), "nginx": ("10:00",), "worker": ()}
MODEL = {"name": "shop", "services": {name: {"image": f"{name}:1"} for name in RAN}}


def revision(service: str, number: int, time: str) -> Revision:
    at = f"2026-03-01T{time}:00+00:00"
    return Revision(number, service, "sha256:1", service, "", "", Result.UPDATED, at, 1.0, "me", "")


def stack() -> Stack:
    book = {
        name: tuple(revision(name, number, time) for number, time in enumerate(times, 1))
        for name, times in RAN.items()
    }
    made = SimpleNamespace(
        project=read_project(MODEL, []), book=SimpleNamespace(revisions=book.__getitem__)
    )
    return cast("Stack", made)


def test_revisions_of_several_services_are_told_oldest_first() -> None:
    lines = [line.services for line in past(stack(), ("app", "nginx", "worker"))]
    assert lines == ["app 1", "nginx 1", "app 2"]


def test_without_a_name_nginx_has_a_history_too() -> None:
    assert every_service(stack()) == ("app", "nginx", "worker")
