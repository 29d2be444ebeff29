"""The load's own process: orders as its one argument, what it sees on stdout, in JSON.

Any byte on stdin, or its end (the test ended the load, or died), stops the load. Stdout carries one
object a line: {"snapshot": ...} every 0.2 s and at last {"result": ..., "ending": ...}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import Any

from tests.load.export import encode
from tests.load.mix import Mix
from tests.load.pace import Stop
from tests.load.run import run_load
from tests.load.snapshot import Snapshot
from tests.load.target import parse_target


def main() -> None:
    """Run one load as ordered."""
    orders = json.loads(sys.argv[1])
    # What was loaded by now stays: the collector need not walk it in the middle of a request.
    gc.freeze()
    asyncio.run(_obey(orders))


async def _obey(orders: dict[str, Any]) -> None:
    stop = Stop()
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, told_to_stop)
    target, mix = parse_target(orders["url"]), Mix.from_json(orders["mix"])
    result, ending = await run_load(target, mix, stop, orders["limit"], _say_snapshot)
    _say({"result": encode(result), "ending": ending})


def _say_snapshot(snapshot: Snapshot) -> None:
    _say({"snapshot": snapshot.to_json()})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
