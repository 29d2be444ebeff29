"""The load client on the command line: `python -m tests.load http://127.0.0.1:8088/ --seconds 10`.

Exit code 0 if no request failed, 1 if one did or none was made, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path

from tests.load.export import to_json
from tests.load.mix import Mix
from tests.load.outcome import Kind
from tests.load.pace import Stop
from tests.load.result import Result
from tests.load.run import run_load
from tests.load.summary import render
from tests.load.target import Target, parse_target

_DEFAULTS = {field.name: field.default for field in fields(Mix) if field.default is not MISSING}


def main(argv: Sequence[str] | None = None) -> int:
    """Run as told and print the summary; return the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        target, mix = parse_target(options.url), _mix(options)
    except ValueError as error:
        parser.error(str(error))
    result = asyncio.run(_run(target, mix, options.seconds))
    if options.json:
        options.json.write_text(json.dumps(to_json(result), indent=1) + "\n")
    sys.stdout.write(render(result))
    return 1 if result.failed or not result.total else 0


async def _run(target: Target, mix: Mix, seconds: float) -> Result:
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    result, _ = await run_load(target, mix, stop, seconds)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.load", description=__doc__)
    parser.add_argument("url", help="where to: http:// or https:// on loopback")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the summary as JSON")
    clients = parser.add_argument_group("concurrent clients of each kind")
    for kind in Kind:
        _add(clients, kind.name.lower(), int, kind.words)
    paths = parser.add_argument_group("what they ask for")
    _add(paths, "post_path", str, "default: the URL's own")
    _add(paths, "slow_path", str, "without it no slow clients")
    _add(paths, "websocket_path", str, "without it no websocket clients")
    _add(paths, "host", str, "Host header")
    _add(paths, "body_size", int, "bytes of a POST")
    paths.add_argument("--echo", action="store_true", help="a POST's answer must hold its body")
    _add(paths, "version_header", str, "names the version that answered")
    _add(paths, "version_pattern", str, "finds it in the body where the header is missing")
    pace = parser.add_argument_group("how fast (seconds)")
    _add(pace, "rate", float, "requests/s of the clients that never pause; 0: no limit")
    _add(pace, "idle_pause", float, "below nginx's keepalive_min_timeout")
    _add(pace, "websocket_pause", float, "between messages")
    _add(pace, "timeout", float, "for a whole answer")
    return parser


def _add(
    group: argparse._ArgumentGroup, name: str, convert: type[int | float | str], text: str
) -> None:
    default = _DEFAULTS[name]
    shown = text if default is None else f"{text} (default: {default})"
    group.add_argument(f"--{name.replace('_', '-')}", type=convert, default=default, help=shown)


def _mix(options: argparse.Namespace) -> Mix:
    given = {name: value for name, value in vars(options).items() if name in _DEFAULTS}
    return Mix.from_json(given | {"rate": options.rate or None})


if __name__ == "__main__":
    sys.exit(main())
