"""How many requests a second the loads of these tests make."""

from __future__ import annotations

import os

AT_MOST = 4
"""Cores. Beyond these the tests spend their time waiting, not computing, and end no sooner."""


def rate(on_two_cores: float) -> float:
    """Return the requests per second of a load that makes `on_two_cores` of them on two cores.

    With more cores the tests end sooner, and still have to make as many requests in all.
    """
    return on_two_cores * min(max(os.cpu_count() or 2, 2), AT_MOST) / 2
