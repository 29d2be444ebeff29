"""The results of `status`, `check` and `history` as lines of styled cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from composeroll.model import Finding, Severity
from composeroll.report.grid import GAP, Cell, Column, Row
from composeroll.report.status import Past, ReplicaStatus, ServiceStatus, Status
from composeroll.report.wording import count_text, seconds_text, short_image

REPLICA = (
    Column("replica", least=14, yields=2, tightest=8),
    Column("image", least=7, yields=4, identifier=True, spare=True),
    Column("address", least=0, yields=1),
    Column("state", least=7, yields=3, identifier=True),
    Column("ready", least=5),
    Column("upstream", least=8),
)
PAST = (
    Column("when", least=19),
    Column("services", least=12, yields=2),
    Column("outcome", least=11),
    Column("image", least=7, yields=3, identifier=True),
    Column("took", least=5, right=True),
    Column("by", least=0, yields=1),
)
SEVERITY_STYLES = {Severity.REFUSAL: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
SEVERITY_WIDTH = 9
PLACE = re.compile(r"\((?P<file>[^()\n]+):(?P<line>\d+)\)")
"""A line of a file, as `help` names it."""
TOGETHER = "gateway, or several services"
NOTHING_FOUND = "nothing found that could go wrong"

Line = Sequence[Cell]
Table = Callable[[Sequence[Column], Sequence[Row], str], list[Line]]
"""Lays out columns and rows, with an indent, in the width of the terminal."""


def status_lines(status: Status, table: Table) -> Iterator[Line]:
    """Yield the project, then a block for each service."""
    yield (Cell(status.project, "bold"),)
    yield from map(_note, status.locks)
    for service in status.services:
        yield (Cell(""),)
        yield from _service_lines(service, table)


def finding_lines(findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield the findings by service, the worst first; those about the gateway or several last."""
    if not findings:
        yield (Cell(NOTHING_FOUND, "green"),)
    services = sorted({f.service for f in findings}, key=lambda name: (not name, name))
    for number, service in enumerate(services):
        if services != [""]:
            yield from [(Cell(""),)] * bool(number)
            yield (Cell(service or TOGETHER, "bold"),)
        yield from _of_one([f for f in findings if f.service == service])


def _of_one(findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield each finding's severity and sentence, and below it what to do."""
    order = list(Severity)
    for finding in sorted(findings, key=lambda f: order.index(f.severity)):
        word = Cell(f"{finding.severity:<{SEVERITY_WIDTH}}", SEVERITY_STYLES[finding.severity])
        yield (word, Cell(finding.what))
        for line in finding.help.splitlines():
            yield (Cell(f"{'':<{SEVERITY_WIDTH}}{line}", "bold"),)


def finding_keys(finding: Finding) -> dict[str, object]:
    """Return a finding as a JSON object, with the file and line that its help names."""
    place = PLACE.search(finding.help)
    return {
        "severity": finding.severity.value,
        "what": finding.what,
        "help": finding.help,
        "service": finding.service or None,
        "file": place["file"] if place else None,
        "line": int(place["line"]) if place else None,
    }


def _note(sentence: str) -> Line:
    """Return the line for something that is not as it should be."""
    return (Cell(f"{GAP}! ", "yellow"), Cell(sentence, "yellow"))


def _service_lines(service: ServiceStatus, table: Table) -> Iterator[Line]:
    count = count_text(len(service.replicas), "replica")
    route = f", {service.route}" if service.route else ""
    yield (Cell(service.service, "bold"), Cell(f"{GAP}{count}{route}", "dim"))
    if service.replicas:
        yield from table(REPLICA, [_replica_cells(r) for r in service.replicas], GAP)
    yield from map(_note, service.notes)


def _replica_cells(replica: ReplicaStatus) -> list[Cell]:
    ready = {True: Cell("yes", "green"), False: Cell("no", "red"), None: Cell("-", "dim")}
    told = {True: Cell("in", "green"), False: Cell("out", "dim"), None: Cell("-", "dim")}
    return [
        Cell(replica.name),
        Cell(short_image(replica.image)),
        Cell(replica.address or "-"),
        Cell(replica.state, "" if replica.state.startswith("running") else "red"),
        ready[replica.ready],
        told[replica.upstream],
    ]


def past_cells(past: Past) -> list[Cell]:
    """Return one rollout of the history as cells."""
    style = "green" if past.outcome in {"updated", "up to date"} else "red"
    took = seconds_text(past.seconds)
    return [
        Cell(past.at, "dim"),
        Cell(past.services),
        Cell(past.outcome, style),
        Cell(short_image(past.image)),
        Cell(took),
        Cell(past.who, "dim"),
    ]
