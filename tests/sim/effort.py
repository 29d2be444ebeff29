"""How much of the simulation is gone through: all by `make sim`, a part by `pytest tests/sim`."""

from __future__ import annotations

import os

WHOLE = os.environ.get("SIMULATE") == "all"

EVERY = 1 if WHOLE else 10
"""Of all the moments at which a run can break, every so many-th is tried."""

HISTORIES = 300 if WHOLE else 40
"""How many random histories pytest draws; `python -m tests.sim` draws many more."""
