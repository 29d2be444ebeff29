"""Every failure of other tools that we know of is a test here, by the name of its issue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.unit.docs.elsewhere import ROWS, Row

ROOT = Path(__file__).parents[3]
KEYS = [row.key for row in ROWS]
each_row = pytest.mark.parametrize("row", ROWS, ids=KEYS)


@cache
def names() -> frozenset[str]:
    """Names of all tests and of their named cases, each without its `test_`. Imports none."""
    trees = [ast.parse(path.read_bytes()) for path in ROOT.glob("tests/**/test_*.py")]
    functions = [
        node
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    cases = {case for function in functions for case in named_cases(function)}
    return frozenset(cases | {function.name.removeprefix("test_") for function in functions})


def named_cases(function: ast.FunctionDef) -> Iterator[str]:
    """What its parameters' `pytest.param(…, id="…")` are called."""
    for node in (node for mark in function.decorator_list for node in ast.walk(mark)):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "id"
            and isinstance(node.value, ast.Constant)
        ):
            yield str(node.value.value)


def claims(source: str) -> list[str]:
    """The cells of this source's row in docs/reliability.md, without the source."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return next((cells for head, *cells in rows if head == source), [])


@each_row
def test_every_failure_elsewhere_is_a_test_here(row: Row) -> None:
    assert [name for name in names() if name.startswith(f"{row.key}_")]


@each_row
def test_the_page_tells_what_holds_and_names_tests_of_that_failure(row: Row) -> None:
    failure, holds, tests = claims(row.source) or ("", "", "")
    assert (failure, holds) == (row.failure, row.holds)
    named = re.findall(r"`(\w+)`", tests)
    assert named
    assert all(name.startswith(f"{row.key}_") and name in names() for name in named)


def test_no_two_failures_elsewhere_share_tests() -> None:
    assert not [(a, b) for a in KEYS for b in KEYS if a != b and f"{b}_".startswith(f"{a}_")]
