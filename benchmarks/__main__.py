"""`python -m benchmarks [NAME…]`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks.figure import Figure, table
from benchmarks.latency import latency
from benchmarks.quick import quick
from benchmarks.ways import ways
from benchmarks.whole import whole

MEASURES: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "quick": quick,
    "whole": whole,
    "latency": latency,
    "ways": ways,
}
JSON = Path(__file__).parents[1] / "tests" / ".artifacts" / "benchmarks.json"


def main(names: list[str]) -> int:
    """Measure, print a table, write JSON. 0 done, 1 a target was missed, 2 usage."""
    if unknown := set(names) - set(MEASURES):
        print(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    figures: list[Figure] = []
    for name in names or MEASURES:
        found = list(MEASURES[name]())
        print(table(found), flush=True)
        figures += found
    JSON.parent.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps([f.as_json() for f in figures], indent=1) + "\n", encoding="utf-8")
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; JSON in {JSON}")
    return int(any(figure.verdict == "OVER" for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
