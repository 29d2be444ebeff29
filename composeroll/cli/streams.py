"""The three streams a program is born with, also where whoever starts it has closed one."""

from __future__ import annotations

import os
import sys

LAST = 2


def settle() -> None:
    """Make standard input empty: nothing here asks, and compose must not; its answer then is no.

    A stream that was closed leads nowhere from now on: else the next file or socket would take its
    number, and whoever writes there would write into that.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    while nothing <= LAST:
        os.set_inheritable(nothing, True)  # noqa: FBT003 - its own signature
        nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
