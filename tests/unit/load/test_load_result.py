"""Good servers give no failures; results add up, merge, travel and read well."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from tests.load import Failure, Kind, Latency, Mark, Mix, Result, Window, render
from tests.load.export import decode, encode, to_json
from tests.load.pace import Pace, Stop
from tests.load.recorder import clock
from tests.load.samples import Sample, Samples
from tests.unit.load.server import load_of


def made(*rows: Sample, names: tuple[str, ...] = ("", "v1", "v2"), began: float = 100.0) -> Result:
    samples = Samples()
    for row in rows:
        samples.add(row)
    return Result(began, began + 4, samples, names)


ROLLOUT = replace(
    made(
        Sample(100.5, 0.25, Kind.KEEPALIVE, 0, 1),
        Sample(101.5, 0.5, Kind.POST, 0, 1),
        Sample(102.1, 0.5, Kind.FRESH, 0, 2),
        Sample(102.2, 0.5, Kind.FRESH, Failure.RESET, 0),
        Sample(103.5, 0.25, Kind.SLOW, 0, 2),
    ),
    marks=(Mark("began", 101.0), Mark("ended", 103.0)),
)


def test_a_good_server_loses_nothing_of_any_kind_of_client() -> None:
    result = load_of(
        "ok",
        keepalive=2, fresh=2, post=2, half_post=1, slow=1, idle=1, naive=1, websocket=1,
        slow_path="/ok", websocket_path="/ws_echo",
        idle_pause=0.01, half_pause=(0, 0.02), websocket_pause=0.01, echo=True, each=6,
    )  # fmt: skip
    assert result.failures() == {}
    assert result.requests() == {kind: 12 if kind in (0, 1, 2) else 6 for kind in Kind}


@pytest.mark.parametrize(("path", "version"), [("chunked", "v7"), ("until_close", "v8")])
def test_the_version_is_found_in_bodies_of_every_framing(path: str, version: str) -> None:
    result = load_of(path, keepalive=1, fresh=1, each=3, version_pattern=r"version=(\w+)")
    assert result.failures() == {}
    assert result.versions()[version].requests == 6


def test_connection_close_in_an_answer_is_honoured() -> None:
    result = load_of("says_close", keepalive=1, each=4)
    assert (result.failures(), result.events) == ({}, {"close_honoured": 4})


def test_a_late_request_is_timed_from_when_it_was_due() -> None:
    async def first_two() -> tuple[float, float]:
        pace = Pace(Stop(), interval=10.0, offset=-100.0)
        return await pace.next(), await pace.next()

    now = clock()
    first, second = asyncio.run(first_two())
    assert first - now == pytest.approx(-100, abs=5)
    assert second - first == pytest.approx(10)


def test_windows_hold_the_requests_that_began_in_them() -> None:
    before, during, after = ROLLOUT.phases("began", "ended")
    assert [list(ROLLOUT.versions(window)) for window in (before, during, after)] == [
        ["v1"],
        ["v1", "v2"],
        ["v2"],
    ]
    assert ROLLOUT.failures(during) == {Failure.RESET: 1}
    assert ROLLOUT.latency(during) == Latency(0.5, 0.5, 0.5, 2)
    assert ROLLOUT.latency(after) == Latency(0, 0, 0, 0)
    assert ROLLOUT.latency(after, kinds=[Kind.SLOW]).requests == 1
    assert ROLLOUT.requests(Window(100.5, 101.5)) == {Kind.KEEPALIVE: 1}
    assert [second[1:] for second in ROLLOUT.per_second()] == [(1, 0), (1, 0), (2, 1), (1, 0)]


def test_percentiles_are_nearest_rank() -> None:
    assert Latency.of(number / 100 for number in range(101)) == Latency(0.5, 0.99, 1.0, 101)
    assert Latency.of([3.0]) == Latency(3.0, 3.0, 3.0, 1)


def test_merged_results_keep_versions_apart_and_add_up() -> None:
    other = made(Sample(99.0, 1.0, Kind.FRESH, 0, 1), names=("", "v2"), began=99.0)
    both = ROLLOUT.merge(other)
    assert (both.total, both.failed, both.began, both.ended) == (6, 1, 99.0, 104.0)
    assert {name: seen.requests for name, seen in both.versions().items()} == {"v2": 3, "v1": 2}


def test_a_result_survives_the_way_between_processes() -> None:
    result = load_of("error_502", fresh=1, each=2)
    copy = decode(json.loads(json.dumps(encode(result))), ())
    assert copy == result


def test_the_json_counts_from_the_beginning() -> None:
    data = json.loads(json.dumps(to_json(ROLLOUT)))
    assert data["failures"] == {"reset": 1}
    assert data["versions"]["v2"] == {"first": 2.1, "last": 3.5, "requests": 2}
    assert data["marks"][0] == {"name": "began", "at": 1.0}


def test_the_summary_reads_well_to_a_newcomer() -> None:
    assert render(ROLLOUT, "began", "ended").splitlines() == [
        "VERSION THAT ANSWERED  before  during  after",
        "  v1                        1       1      -",
        "  v2                        -       1      1",
        "",
        "CLIENTS                     requests  failed",
        "  GET, connection kept             1       0",
        "  GET, new connection each         2       1",
        "  POST, connection kept            1       0",
        "  slow requests                    1       0",
        "  all                              5       1",
        "",
        "FAILURES            count",
        "  connection reset      1",
        "",
        "LATENCY IN MS            p50     p99     max  requests",
        "  steady, before      250.00  250.00  250.00         1",
        "  during the rollout  500.00  500.00  500.00         2",
        "  after                    -       -       -         0",
        "  during / steady      x2.00   x2.00   x2.00",
        "",
        "1 request failed of 5 in 4.0 s.",
    ]


def test_a_load_without_requests_claims_nothing() -> None:
    assert render(made()).splitlines()[-1] == "No request was made in 4.0 s: this proves nothing."


def test_a_mix_travels_as_json() -> None:
    mix = Mix(rate=None, half_pause=(0.1, 0.2), expect=(200, 204), websocket_path="/ws")
    assert Mix.from_json(json.loads(json.dumps(mix.to_json()))) == mix


@pytest.mark.parametrize("wrong", [{"keepalive": -1}, {"rate": 0.0}, {"version_pattern": "("}])
def test_a_mix_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Exception, match=r"mix|rate|unterminated"):
        Mix.from_json(wrong)
