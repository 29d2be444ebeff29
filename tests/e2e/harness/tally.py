"""How many requests a whole session made, and how many of them failed, over all its processes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.load import Result

DIRECTORY = "COMPOSEROLL_E2E_TALLY"
"""The environment variable that tells the workers where the session counts."""


@dataclass(frozen=True)
class Load:
    """One load: its test, its requests, and how many of them failed."""

    test: str
    requests: int
    failed: int


def begin() -> None:
    """Begin to count; the processes that this one starts count in the same place."""
    if DIRECTORY not in os.environ:
        os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="composeroll-e2e-")


def end() -> None:
    """Forget it all, in the process that began."""
    shutil.rmtree(os.environ.pop(DIRECTORY), ignore_errors=True)


def add(result: Result) -> None:
    """Count a load that was to lose nothing."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    with tempfile.NamedTemporaryFile(
        "w", dir=os.environ[DIRECTORY], suffix=".json", delete=False
    ) as file:
        json.dump(asdict(Load(test, result.total, result.failed)), file)


def loads() -> list[Load]:
    """Every load of the session."""
    files = sorted(Path(os.environ[DIRECTORY]).glob("*.json"))
    read: list[Mapping[str, int | str]] = [json.loads(file.read_text()) for file in files]
    return [Load(**facts) for facts in read]  # type: ignore[arg-type]
