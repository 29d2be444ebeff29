"""Answers of the engine, and which of them are errors."""

from __future__ import annotations

import json
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from composeroll.errors import EngineError


class Answer(Struct, frozen=True):
    """A complete answer: HTTP status and body."""

    status: int
    body: bytes = b""

    @property
    def found(self) -> bool:
        """Whether the engine knows the object that was asked for."""
        return self.status != HTTPStatus.NOT_FOUND

    def json(self) -> Any:  # noqa: ANN401 the engine's JSON has no type of ours
        """Return the body's JSON, None if there is no body."""
        return json.loads(self.body) if self.body.strip() else None

    @property
    def message(self) -> str:
        """The engine's message about an error."""
        try:
            return str(json.loads(self.body)["message"]).strip()
        except (ValueError, KeyError, TypeError):
            return self.body.decode(errors="replace").strip() or f"HTTP status {self.status}"

    def require(self, asked: str, fine: Collection[int] = ()) -> Answer:
        """Return this answer if it is a success or its status is among `fine`.

        Raises:
            EngineError: otherwise, with the engine's message; its evidence names `asked`.
        """
        if self.status < HTTPStatus.BAD_REQUEST or self.status in fine:
            return self
        raise EngineError(self.message, evidence=(f"{asked} answered {self.status}",))
