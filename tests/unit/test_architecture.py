"""The house keeps its shape: arrows point one way, and what is heavy comes late."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
HEAVY = ("python_on_whales", "rich", "jinja2", "crossplane", "yaml")


def test_imports_point_the_way_that_the_contracts_say(capsys: pytest.CaptureFixture[str]) -> None:
    ended = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert ended == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("module", ["composeroll.cli.main", "composeroll.rollout.update"])
def test_nothing_heavy_is_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert ended.stdout.strip() == ""


STOP_AT_COMPOSE = """
import subprocess, sys
from composeroll.cli.main import composeroll

def stop(*_, **__):
    print(*[name for name in sys.modules if name.startswith("composeroll.rollout")])
    raise SystemExit

subprocess.Popen.__init__ = stop
composeroll.main(sys.argv[1:], standalone_mode=False)
"""
OPENING = {
    "update": ["app"],
    "plan": [],
    "status": [],
    "check": [],
    "scale": ["app=2"],
    "rollback": ["app"],
    "sync": [],
    "history": [],
    "lock": ["status"],
}


@pytest.mark.parametrize("verb", OPENING)
def test_compose_reads_its_files_while_the_rollout_is_imported(verb: str) -> None:
    argv = [sys.executable, "-c", STOP_AT_COMPOSE, verb, *OPENING[verb]]
    ended = subprocess.run(argv, capture_output=True, check=True, text=True)
    assert ended.stdout == "\n"
