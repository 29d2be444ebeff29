"""Who was asked, and how each answered, out of one line."""

from __future__ import annotations

import pytest

from composeroll.nginx.access_log.answers import answers_in
from composeroll.nginx.access_log.lines import reader_of
from composeroll.nginx.configuration.log_format import LogFormat

WHOLE = "$status|$upstream_addr|$upstream_status"


def answered(line: str, text: str = WHOLE) -> list[tuple[str, int]]:
    """Address and status of each answer in a line."""
    found = answers_in([line], reader_of(LogFormat("x", text)))
    return [(one.address, one.status) for one in found]


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("200|10.0.0.5:80|200", [("10.0.0.5:80", 200)]),
        ("200|10.0.0.5:80, 10.0.0.6:80|502, 200", [("10.0.0.5:80", 502), ("10.0.0.6:80", 200)]),
        ("200|10.0.0.5:80 : 10.0.0.6:80|500 : 200", [("10.0.0.5:80", 500), ("10.0.0.6:80", 200)]),
        ("502|10.0.0.5:80, backend|504, 502", [("10.0.0.5:80", 504), ("backend", 502)]),
        ("499|10.0.0.5:80|-", [("10.0.0.5:80", 499)]),
        ("304|-|-", []),
        ("200||", []),
        ("not of the format", []),
    ],
)
def test_each_try_of_a_request_is_an_answer(line: str, answers: list[tuple[str, int]]) -> None:
    assert answered(line) == answers


def test_without_upstream_status_what_was_given_up_counts_as_failed() -> None:
    text = "$status|$upstream_addr"
    assert answered("200|10.0.0.5:80, 10.0.0.6:80", text) == [
        ("10.0.0.5:80", 502),
        ("10.0.0.6:80", 200),
    ]


def test_without_status_what_the_replica_said_counts() -> None:
    assert answered("10.0.0.5:80|503", "$upstream_addr|$upstream_status") == [("10.0.0.5:80", 503)]


def test_a_format_without_addresses_tells_how_but_not_who() -> None:
    assert answered("503", "$status") == [("", 503)]
