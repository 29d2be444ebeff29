"""Which containers a broken replacement in place has left beside those that it was to replace."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Replica
from composeroll.rollout.steps.replace import left_beside
from tests.unit.rollout.makers import replica

SETTLED = replace(replica(1), id="a" * 64, name="app-code-1")
SUCCESSOR = replace(replica(1), id="b" * 64, name=f"{'a' * 12}_app-code-1")
ITS_SUCCESSOR = replace(replica(1), id="c" * 64, name=f"{'b' * 12}_{'a' * 12}_app-code-1")


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ([SETTLED], []),
        ([SETTLED, SUCCESSOR], [SUCCESSOR]),
        ([SUCCESSOR], []),
        ([SUCCESSOR, ITS_SUCCESSOR], [ITS_SUCCESSOR]),
        ([ITS_SUCCESSOR], []),
    ],
)
def test_a_successor_is_left_over_while_its_predecessor_is_there(
    there: list[Replica], left: list[Replica]
) -> None:
    assert list(left_beside(there)) == left
