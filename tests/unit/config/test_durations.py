"""Durations as compose writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10.0),
        ("1m30s", 90.0),
        ("200ms", 0.2),
        ("12h", 43200.0),
        ("1.5h", 5400.0),
        ("500us", 0.0005),
        ("500µs", 0.0005),
        ("1h1m1s", 3661.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        (7, 7.0),
        (0.5, 0.5),
        (0, 0.0),
    ],
)
def test_a_duration_is_read_as_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "wrong", ["", "ten", "-1s", "10x", "10 s", "1s garbage", "s", "1e3", True, None, [], {}, -1]
)
def test_what_is_no_duration_says_what_one_looks_like(wrong: object) -> None:
    with pytest.raises(ValueError, match="must be a duration, for example 10s or 1m30s"):
        parse_duration(wrong)


@given(st.integers(0, 10_000_000))
def test_whole_milliseconds_survive_writing_and_reading(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-4)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "200ms"), (90, "1m30s"), (3600, "1h"), (0, "0s"), (3661, "1h1m1s"), (1.5, "1.5s")],
)
def test_a_duration_is_written_as_short_as_it_goes(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
