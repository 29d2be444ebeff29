"""Signals that everything started here is to heed, however these tests themselves were started."""

from __future__ import annotations

import signal

SENT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed_signals() -> None:
    """Ignore none of them any more: under `nohup`, or behind a shell's `&`, children would too."""
    for number in SENT:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
