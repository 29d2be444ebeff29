"""The live table of replicas, in a limited number of lines: replicas that change come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.text import Text

from composeroll.report.events import ReplicaRow, Stage
from composeroll.report.grid import GAP, Cell, Column, laid_out
from composeroll.report.pen import Pen
from composeroll.report.wording import short_image

COLUMNS = (
    Column("replica", least=14, yields=2, tightest=8),
    Column("image", least=7, yields=4, identifier=True, spare=True),
    Column("address", least=0, yields=1),
    Column("stage", least=8),
    Column("state", least=0, yields=5),
    Column("upstream", least=8),
    Column("conns", least=5, right=True),
)

STAGE_STYLES = {
    Stage.STARTING: "yellow",
    Stage.READY: "green",
    Stage.CURRENT: "green",
    Stage.DRAINING: "cyan",
    Stage.STOPPING: "dim",
}

RESTING = (Stage.CURRENT, Stage.OUTGOING, Stage.READY)
"""Stages in which nothing happens, the least interesting first; they are the first to be folded."""


def replica_rows(
    rows: Sequence[ReplicaRow], connections: Mapping[str, int], pen: Pen, most: int = 0
) -> list[Text]:
    """Return the table in at most `most` lines, heading included (0: no limit)."""
    shown, folded = _within(rows, most - 1) if most else (list(rows), [])
    if not rows:
        return []
    cells = [_cells(row, connections.get(row.name)) for row in shown]
    lines = laid_out(COLUMNS, cells, pen.measure - 4, pen.glyphs.ellipsis) if shown else []
    return [pen.fit(_line(line), pen.measure) for line in lines] + (
        [_folded(folded)] if folded else []
    )


def _within(rows: Sequence[ReplicaRow], room: int) -> tuple[list[ReplicaRow], list[ReplicaRow]]:
    if len(rows) <= room:
        return list(rows), []
    telling = sorted(rows, key=_rest)[: max(room - 1, 0)]
    return [r for r in rows if r in telling], [r for r in rows if r not in telling]


def _rest(row: ReplicaRow) -> int:
    return -RESTING.index(row.stage) if row.stage in RESTING else -len(RESTING)


def _cells(row: ReplicaRow, connections: int | None) -> list[Cell]:
    gone = row.stage is Stage.STOPPING
    quiet = "dim" if gone else ""
    return [
        Cell(row.name, quiet),
        Cell(short_image(row.image), quiet),
        Cell(row.address, quiet),
        Cell(row.stage, STAGE_STYLES.get(row.stage, "")),
        Cell(row.state, "dim"),
        Cell("in", "green") if row.upstream else Cell("out", "dim"),
        Cell("" if connections is None or gone else str(connections), "" if connections else "dim"),
    ]


def _line(cells: Sequence[Cell]) -> Text:
    line = Text("    ")
    for index, cell in enumerate(cells):
        line.append(GAP if index else "").append(cell.text, cell.style or None)
    return line


def _folded(rows: Sequence[ReplicaRow]) -> Text:
    counts = Counter(row.stage for row in rows)
    stages = ", ".join(f"{number} {stage}" for stage, number in counts.items())
    return Text(f"    and {len(rows)} more: {stages}", "dim")
