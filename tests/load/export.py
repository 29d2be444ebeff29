"""A result as JSON: for people's tools (`to_json`), and whole, between two processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from tests.load.measures import Mark
from tests.load.outcome import Event, Failure, Kind
from tests.load.recorder import Example
from tests.load.result import Result
from tests.load.samples import Samples


def to_json(result: Result) -> dict[str, Any]:
    """Return the summary in plain types; times are seconds from the load's beginning."""

    def since(at: float) -> float:
        return round(at - result.began, 4)

    return {
        "seconds": since(result.ended),
        "requests": _named(result.requests()),
        "failures": _named(result.failures()),
        "events": {event.value: count for event, count in (result.events or {}).items()},
        "versions": {
            name: {"first": since(seen.first), "last": since(seen.last), "requests": seen.requests}
            for name, seen in result.versions().items()
        },
        "latency": result.latency()._asdict(),
        "lag": result.lag,
        "marks": [{"name": mark.name, "at": since(mark.at)} for mark in result.marks],
        "examples": [
            _example(example) | {"start": since(example.start)} for example in result.examples
        ],
        "per_second": [second._asdict() for second in result.per_second()],
    }


def encode(result: Result) -> dict[str, Any]:
    """Return all of a result for another process of this machine."""
    return {
        "began": result.began,
        "ended": result.ended,
        "samples": result.samples.encode(),
        "names": result.names,
        "examples": [_example(example) for example in result.examples],
        "events": dict(result.events or {}),
        "lag": result.lag,
    }


def decode(data: Mapping[str, Any], marks: Iterable[Mark]) -> Result:
    """Rebuild the result from what `encode` returned, with the marks of the process that asked."""
    return Result(
        data["began"],
        data["ended"],
        Samples.decode(data["samples"]),
        tuple(data["names"]),
        tuple(_from_example(example) for example in data["examples"]),
        {Event(name): count for name, count in data["events"].items()},
        tuple(marks),
        data["lag"],
    )


def _named(counts: Mapping[Kind, int] | Mapping[Failure, int]) -> dict[str, int]:
    return {key.name.lower(): count for key, count in counts.items()}


def _example(example: Example) -> dict[str, Any]:
    names = {"kind": example.kind.name.lower(), "failure": example.failure.name.lower()}
    return asdict(example) | names


def _from_example(data: Mapping[str, Any]) -> Example:
    kind, failure = Kind[data["kind"].upper()], Failure[data["failure"].upper()]
    return Example(data["start"], data["seconds"], kind, failure, data["detail"])
