"""The three standard streams, also if the caller has closed one of them."""

from __future__ import annotations

import os
import sys

LAST = 2


def settle() -> None:
    """Make standard input empty, so that every question of compose gets no as its answer.

    A stream that was closed is opened to the null device. Otherwise the next file or socket would
    get its descriptor, and output meant for the stream would be written into it.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    while nothing <= LAST:
        os.set_inheritable(nothing, True)  # noqa: FBT003 - its own signature
        nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
