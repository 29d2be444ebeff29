"""The history's texts on the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from composeroll.engine.answer import Answer
from composeroll.engine.connection import Api
from composeroll.engine.ledger import VOLUME, Ledger


def test_where_nothing_was_ever_written_reading_makes_nothing() -> None:
    asked: list[str] = []

    def get(path: str, **_: object) -> Answer:
        asked.append(path)
        return Answer(404)

    # it can do nothing else: whoever creates a container here fails
    api = cast("Api", SimpleNamespace(get=get))
    assert not Ledger(api, lambda: None).read("shop", "app")
    assert asked == [f"/volumes/{VOLUME}"]
