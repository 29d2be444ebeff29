"""Simulations are quick throughout."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sim.quick import quick


@pytest.fixture(autouse=True, scope="session")
def _quick() -> Iterator[None]:
    with quick():
        yield
