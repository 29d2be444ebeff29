"""Processes, timed and weighed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMPOSEROLL = (sys.executable, "-m", "composeroll")
FLOOR = (sys.executable, "-m", "benchmarks.floor")

NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""An environment that has it compiles every module at each start, unlike any installed tool."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process that has ended well.

    Attributes:
        seconds: from its start to its end.
        busy: processor time of it and all that it started, in seconds; the engine's is not in it.
        peak: the greatest resident size of the process itself in MB, without its children's.
    """

    seconds: float
    busy: float
    peak: float
    stdout: str


def run(argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Run:
    """Run a process to its end.

    Raises:
        RuntimeError: it did not end with 0.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**_environment(), **(env or {})},
        cwd=cwd,
    )
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {process.returncode}:\n{said}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != NO_BYTECODE}


def composeroll(*words: str, env: Mapping[str, str] | None = None) -> Run:
    """Run composeroll in a process of its own."""
    return run([*COMPOSEROLL, *words], env)


def docker(*words: str) -> str:
    """What a docker command prints."""
    return run(["docker", *words]).stdout.strip()
