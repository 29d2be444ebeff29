"""Signals that end these tests, and leave nothing of them behind."""

from __future__ import annotations

import signal
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


def heed_signals() -> None:
    """End on each of them as on Ctrl-C: what was brought up is taken away, which none cuts short.

    Nor is one ignored any more: under `nohup`, or behind a shell's `&`, children would too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ENDING:
        signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    for each in ENDING:
        signal.signal(each, _go_on)
    raise KeyboardInterrupt(signal.Signals(number).name)


def _go_on(number: int, _: FrameType | None) -> None:
    """What is started meanwhile heeds them: SIG_IGN it would inherit."""
    del number
