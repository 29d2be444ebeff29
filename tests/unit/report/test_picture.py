"""The README's picture is the real view, needs nothing from another host, and shows the drain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from composeroll.errors import UsageError
from composeroll.report.choose import Mode, reporter_for
from tests.unit.report.sinks import Sink
from tests.unit.report.streams import Timed, rolled_back, updated


def recorded(stream: Callable[[], Iterator[Timed]], target: Path) -> str:
    """The picture's source, recorded beside a log."""
    with reporter_for(Mode(record=target), Sink(), Sink(), {}) as reporter:
        for _, event in stream():
            reporter(event)
    return target.read_text(encoding="utf-8")


def words(svg: str) -> str:
    """The picture's text."""
    return "\n".join(ET.fromstring(svg).itertext()).replace("\xa0", " ")  # noqa: S314 - our own file


def test_the_picture_shows_old_replicas_draining_beside_new_ones(tmp_path: Path) -> None:
    shown = words(recorded(updated, tmp_path / "rollout.svg"))
    assert "draining" in shown
    assert "no way back after this" in shown
    assert "ready" in shown


def test_a_picture_that_cannot_be_written_ends_no_rollout(tmp_path: Path) -> None:
    """A full disk, or a directory that went away meanwhile."""
    target = tmp_path / "rollout.svg"
    with reporter_for(Mode(record=target), Sink(), Sink(), {}) as reporter:
        target.unlink()
        target.mkdir()
        for _, event in updated():
            reporter(event)


def test_a_run_without_a_drain_is_shown_as_it_ended(tmp_path: Path) -> None:
    assert "rolled back" in words(recorded(rolled_back, tmp_path / "rollout.svg"))


def test_the_picture_names_no_other_host(tmp_path: Path) -> None:
    svg = recorded(updated, tmp_path / "rollout.svg")
    assert re.findall(r"https?://[^\"/]+", svg) == ["http://www.w3.org"]


def test_a_picture_that_cannot_be_written_is_refused_before_the_rollout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        reporter_for(Mode(record=tmp_path / "none" / "x.svg"), Sink(), Sink(), {})
