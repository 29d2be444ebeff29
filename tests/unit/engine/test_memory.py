"""Bytes out of what engines and kernels say."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.endpoint import Endpoint
from composeroll.engine.memory import left_on_host, of_kernel, used


def test_files_that_the_kernel_may_forget_are_not_used() -> None:
    first = {"usage": 1000, "stats": {"total_inactive_file": 300, "inactive_file": 1}}
    second = {"usage": 1000, "stats": {"inactive_file": 400}}
    assert used({"memory_stats": first}) == 700
    assert used({"memory_stats": second}) == 600


def test_a_container_that_has_just_ended_uses_nothing() -> None:
    assert used({"memory_stats": {}}) == 0
    assert used({}) == 0


MEMINFO = "MemTotal:       2048 kB\nMemAvailable:     17 kB\nHugePages_Total: 0\n"


def test_the_kernel_counts_in_kibibytes() -> None:
    assert of_kernel(MEMINFO) == {"MemTotal": 2048 * 1024, "MemAvailable": 17 * 1024}


@pytest.mark.parametrize(
    ("host", "total", "left"),
    [
        ("unix:///run/docker.sock", 2048 * 1024, 17 * 1024),
        ("unix:///run/tunnel.sock", 9000, 9000 - 700),
        ("tcp://elsewhere:2376", 2048 * 1024, 2048 * 1024 - 700),
    ],
)
def test_only_the_engines_own_kernel_is_asked_what_is_left(
    tmp_path: Path, host: str, total: int, left: int
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(MEMINFO, encoding="ascii")
    assert left_on_host(Answers(total), Endpoint(host), meminfo) == left


class Answers:
    """An engine on which one container runs, and uses 700 bytes."""

    def __init__(self, total: int) -> None:
        self.total = total

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, fine: Collection[int] = ()
    ) -> Answer:
        """What it says at this path."""
        del query, fine
        said: dict[str, object] = {
            "/info": {"MemTotal": self.total},
            "/containers/json": [{"Id": "c1"}],
            "/containers/c1/stats": {"memory_stats": {"usage": 700}},
        }
        return Answer(200, json.dumps(said[path]).encode())
