"""Tests that are ended by a signal take away what they brought up."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

BRINGS_UP = """
import threading
from tests.e2e.harness.heeded import heed_signals

heed_signals()
try:
    print("up", flush=True)
    threading.Event().wait(60)
finally:
    print("going", flush=True)
    input()
    print("gone", flush=True)
"""
IGNORED = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""As `nohup` does, and a shell's `&`."""


@pytest.fixture(params=[(), ("-c", IGNORED)], ids=["as usual", "where signals were ignored"])
def run(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Something that is up, and asks before it has gone."""
    argv = [sys.executable, *request.param, "-c", BRINGS_UP]
    with subprocess.Popen(
        argv,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process
        process.kill()


def says(run: subprocess.Popen[str]) -> str:
    """The next line of it."""
    assert run.stdout
    return run.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_them_what_was_brought_up_is_taken_away(
    run: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert says(run) == "up\n"
    run.send_signal(number)
    assert says(run) == "going\n"


def test_a_second_signal_does_not_cut_that_short(run: subprocess.Popen[str]) -> None:
    assert says(run) == "up\n"
    run.send_signal(signal.SIGTERM)
    assert says(run) == "going\n"
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGHUP)
    assert run.communicate("\n", timeout=60)[0] == "gone\n"
