"""The texts of the history, as the engine keeps them."""

from __future__ import annotations

from tests.sim.faults import Faults


class Ledger:
    """Answers to `composeroll.rollout.history.book.Ledger`."""

    def __init__(self, faults: Faults) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self._faults = faults

    def read(self, project: str, name: str) -> str:
        """A text, empty where there is none."""
        self._faults.ask("read the history")
        return self.texts.get((project, name), "")

    def write(self, project: str, name: str, text: str) -> None:
        """Put a text in place of the one that is there."""
        with self._faults.change("write the history"):
            self.texts[project, name] = text
