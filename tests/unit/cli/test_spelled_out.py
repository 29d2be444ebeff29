"""Commands that are told can be run as they stand: they have the flags of the run."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any, NoReturn, cast

import click
import pytest

from composeroll.cli import lock, looking, run
from composeroll.config.flags import ComposeFlags
from composeroll.config.layers import COMMAND_LINE, Layer
from composeroll.errors import ComposerollError, Refused
from composeroll.report.choose import Mode
from composeroll.report.events import Emit, Warned

BARE = "`composeroll sync app`"
FULL = "`composeroll -f staging.yml sync app`"
FLAGS = ComposeFlags(files=("staging.yml",))


def refusing(_flags: object, _settings: object, emit: Emit, *_: object, **__: object) -> NoReturn:
    """What warns, and then cannot be opened."""
    emit(Warned(BARE))
    raise Refused(BARE, f"{BARE} does", f"{BARE} helps")


@pytest.mark.parametrize("json", [False, True])
def test_a_run_tells_them_so_in_every_event(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, json: bool
) -> None:
    monkeypatch.setattr(run, "open_stack", refusing)
    asked = run.Run(FLAGS, Layer(COMMAND_LINE, {}), Mode(json=json))
    asked.do(lambda _: pytest.fail("it was opened"))
    said = "".join(capsys.readouterr())
    assert (said.count(FULL), said.count(BARE)) == (4, 0)


@pytest.mark.parametrize("serving", ["nothing was touched", None])
def test_an_error_of_a_look_does_too(serving: str | None) -> None:
    with pytest.raises(ComposerollError) as raised, looking.spelled_out(FLAGS):
        raise ComposerollError(BARE, serving, BARE)
    error = raised.value
    assert (error.what, error.serving, error.help) == (FULL, serving, FULL)


@pytest.mark.parametrize("module", [looking, lock])
def test_every_verb_that_looks_does(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    monkeypatch.setattr(module, "open_stack", refusing)
    monkeypatch.setattr(module, "take_compose_flags", lambda *_: FLAGS)
    look = looking.look if module is looking else lock._look  # noqa: SLF001 - what its verbs share
    options: dict[str, Any] = {"services": (), "as_json": False}
    with pytest.raises(Refused, match=re.escape("-f staging.yml")):
        look(cast("click.Context", None), options, cast("Any", None))
