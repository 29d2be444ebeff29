"""What a load saw, as plain ASCII text that needs no explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from tests.load.measures import Latency, Phases
from tests.load.outcome import Kind
from tests.load.recorder import Example
from tests.load.result import Result
from tests.load.samples import ALWAYS

Row = Sequence[str]


def render(
    result: Result, began: str | None = None, ended: str | None = None, steady: str | None = None
) -> str:
    """Return the summary; with the names of two marks, before, during and after are compared.

    What is compared as before begins with the mark `steady`, if one is named.
    """
    phases = result.phases(began, ended, steady) if began and ended else None
    blocks = [
        _versions(result, phases),
        _requests(result),
        _failures(result),
        _latency(result, phases),
        _events(result),
        _verdict(result),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def table(rows: Sequence[Row]) -> list[str]:
    """Align rows of equal length, words to the left and numbers to the right; row 0 is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _versions(result: Result, phases: Phases | None) -> list[str]:
    windows = phases or (ALWAYS,)
    counts = [result.versions(window) for window in windows]
    head = ("before", "during", "after") if phases else ("answers",)
    rows: list[Row] = [("VERSION THAT ANSWERED", *head)]
    for name in result.versions():
        seen = (count.get(name) for count in counts)
        rows.append(
            (f"  {_plain(name)}", *(_number(span.requests) if span else "-" for span in seen))
        )
    return table(rows) if len(rows) > 1 else []


def _requests(result: Result) -> list[str]:
    failed = result.failures_by_kind()
    rows: list[Row] = [("CLIENTS", "requests", "failed")]
    rows += [
        (f"  {kind.words}", _number(count), _number(failed.get(kind, 0)))
        for kind, count in result.requests().items()
    ]
    return table([*rows, ("  all", _number(result.total), _number(result.failed))])


def _failures(result: Result) -> list[str]:
    counts = result.failures()
    if not counts:
        return []
    rows: list[Row] = [("FAILURES", "count")]
    rows += [(f"  {failure.words}", _number(count)) for failure, count in counts.items()]
    return [*table(rows), *_examples(result)]


def _examples(result: Result) -> Iterator[str]:
    if result.examples:
        yield "  first of each:"
    ordered = sorted(result.examples, key=lambda example: (example.failure, example.start))
    for _, same in groupby(ordered, key=lambda example: example.failure):
        yield _example(next(same), result.began)


def _example(example: Example, began: float) -> str:
    at = f"{example.start - began:8.2f} s"
    kind = "websocket" if example.kind is Kind.WEBSOCKET else example.kind.words
    return f"  {at}  {kind}: {example.failure.words}: {_plain(example.detail)[:100]}"


def _latency(result: Result, phases: Phases | None) -> list[str]:
    rows: list[Row] = [("LATENCY IN MS", "p50", "p99", "max", "requests")]
    if phases is None:
        return table([*rows, _latency_row("  whole run", result.latency())])
    steady, during = result.latency(phases.before), result.latency(phases.during)
    rows.append(_latency_row("  steady, before", steady))
    rows.append(_latency_row("  during the rollout", during))
    rows.append(_latency_row("  after", result.latency(phases.after)))
    if steady.p99 and during.p99:
        rows.append(("  during / steady", *_ratios(steady, during), ""))
    return table(rows)


def _latency_row(name: str, latency: Latency) -> Row:
    if not latency.requests:
        return (name, "-", "-", "-", "0")
    values = (latency.p50, latency.p99, latency.longest)
    return (name, *(f"{value * 1000:.2f}" for value in values), _number(latency.requests))


def _ratios(steady: Latency, during: Latency) -> Iterator[str]:
    for before, now in zip(steady[:3], during[:3], strict=True):
        yield f"x{now / before:.2f}"


def _events(result: Result) -> list[str]:
    events = [(event, count) for event, count in (result.events or {}).items() if count]
    rows: list[Row] = [("HARMLESS", "count")]
    rows += [(f"  {event.words}", _number(count)) for event, count in events]
    return table(rows) if events else []


def _verdict(result: Result) -> list[str]:
    seconds = result.ended - result.began
    if not result.total:
        return [f"No request was made in {seconds:.1f} s: this proves nothing."]
    word = "request" if result.failed == 1 else "requests"
    lost = f"{_number(result.failed) if result.failed else 'No'} {word} failed"
    return [f"{lost} of {_number(result.total)} in {seconds:.1f} s."]


def _number(count: int) -> str:
    return f"{count:,}"


def _plain(text: str) -> str:
    """Return text from the network as printable ASCII, so that no terminal obeys it."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)
