"""`python -m tests.long NAME [--rounds N] [--minutes M]`: see RUNS."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from tests.bed import __main__ as bed
from tests.e2e.harness import tally
from tests.e2e.harness.heeded import heed_signals
from tests.long.course import Course
from tests.long.engine import entered, is_inside

RUNS: Mapping[str, tuple[str, int, float]] = {
    "killed": ("SIGKILL at random moments of an update, then the same command", 50, 30),
    "signals": ("SIGTERM, SIGINT and SIGHUP at random moments, then the same command", 50, 30),
    "boundaries": ("the four of them where each phase and step begins", 60, 30),
    "together": ("two, then five updates at once, of one service and of several", 6, 10),
    "reordered": ("all containers stopped and started in another order, under sync --watch", 5, 10),
    "reboot": ("an engine of its own, restarted with live containers", 2, 20),
    "gateway": ("nginx itself replaced between updates, then without tcp_migrate_req", 20, 20),
    "gateway_killed": ("SIGKILL where each step of nginx's replacement begins", 9, 15),
    "edge_reboot": ("an engine of its own, restarted under a gateway behind an edge", 2, 15),
    "soak": ("updates in a row, each with a new image", 200, 60),
}
"""By name: what it does, its rounds, and the minutes after which no further round begins."""

APART = ("reboot", "edge_reboot")
"""Those that run in a network namespace of their own."""


def main(arguments: list[str]) -> int:
    """Run one of them; 0 all promises held, 1 one did not, 2 usage."""
    options = _parser().parse_args(arguments)
    does, rounds, minutes = RUNS[options.name]
    course = Course(options.name, options.rounds or rounds, options.minutes or minutes)
    course.say(f"{options.name}: {does}; {course.rounds} rounds, {course.minutes:g} minutes")
    heed_signals()
    if not is_inside():
        bed.all_images()
    if options.name in APART and not is_inside():
        return entered(arguments)
    tally.begin()
    try:
        with (
            course.cut_short(),
            tempfile.TemporaryDirectory(prefix="composeroll-long-") as directory,
        ):
            _run(options.name)(course, Path(directory))
    finally:
        tally.end()
    return course.end()


def _run(name: str) -> Callable[[Course, Path], None]:
    run: Callable[[Course, Path], None] = import_module(f"tests.long.{name}").run
    return run


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:10} {does}" for name, (does, *_) in RUNS.items())
    parser = argparse.ArgumentParser(
        "python -m tests.long",
        description=f"Long runs on a real engine:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=RUNS)
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--minutes", type=float, help="after which no further round begins")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
