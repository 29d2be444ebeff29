"""Each audience gets its own renderer, and only a terminal pays for rich."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from composeroll.report.choose import Mode, reporter_for
from composeroll.report.console import ConsoleReporter
from composeroll.report.events import Stage
from composeroll.report.jsonlines import JsonReporter
from composeroll.report.plain import PlainReporter
from composeroll.report.quiet import QuietReporter
from composeroll.report.reporter import Reporter
from composeroll.report.sections import Ci, GitHubReporter, GitLabReporter
from tests.unit.report.sinks import Sink
from tests.unit.report.streams import PLAN, rolled_back, seen, updated

TERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    ("mode", "environ", "terminal", "kind"),
    [
        (Mode(), TERM, True, ConsoleReporter),
        (Mode(), TERM | {"NO_COLOR": "1"}, True, ConsoleReporter),
        (Mode(), TERM, False, PlainReporter),
        (Mode(), TERM | {"TERM": "dumb"}, True, PlainReporter),
        (Mode(), {}, True, PlainReporter),
        (Mode(json=True), TERM, True, JsonReporter),
        (Mode(quiet=True), TERM, True, QuietReporter),
        (Mode(ci=Ci.PLAIN), TERM | {"GITLAB_CI": "true"}, True, PlainReporter),
        (Mode(ci=Ci.GITLAB), TERM, True, GitLabReporter),
        (Mode(), TERM | {"GITLAB_CI": "true"}, False, GitLabReporter),
        (Mode(), TERM | {"GITHUB_ACTIONS": "true"}, False, GitHubReporter),
    ],
)
def test_the_audience_decides_the_renderer(
    mode: Mode, environ: dict[str, str], *, terminal: bool, kind: type[Reporter]
) -> None:
    chosen = reporter_for(mode, Sink(), Sink(terminal=terminal), environ)
    assert type(chosen) is kind


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("mode", [Mode(), Mode(json=True), Mode(ci=Ci.GITLAB), Mode(ci=Ci.GITHUB)])
def test_replicas_are_looked_up_for_whoever_shows_them(mode: Mode, *, verbose: bool) -> None:
    out, err = Sink(), Sink()
    with reporter_for(replace(mode, verbose=verbose), out, err, {}) as report:
        report(seen(Stage.CURRENT))
    assert report.shows_replicas == bool(out.bytes + err.bytes)


def test_who_is_quiet_shows_no_replicas_but_to_a_file_of_events(tmp_path: Path) -> None:
    quiet = Mode(quiet=True)
    beside = replace(quiet, events=tmp_path / "events")
    with (
        reporter_for(quiet, Sink(), Sink(), {}) as one,
        reporter_for(beside, Sink(), Sink(), {}) as two,
    ):
        assert (one.shows_replicas, two.shows_replicas) == (False, True)


@pytest.mark.parametrize("mode", ["Mode()", "Mode(json=True)", "Mode(quiet=True)"])
def test_without_a_terminal_rich_is_never_imported(mode: str) -> None:
    program = (
        "import io, sys\n"
        "from composeroll.report.choose import Mode, reporter_for\n"
        "from composeroll.report.events import Warned\n"
        f"with reporter_for({mode}, sys.stdout, sys.stderr, {{}}) as r: r(Warned('x'))\n"
        "sys.exit('rich' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_ends_nothing_and_says_nothing() -> None:
    program = (
        "import sys\n"
        "from composeroll.report.choose import Mode, reporter_for\n"
        "from composeroll.report.events import Warned\n"
        "with reporter_for(Mode(json=True), sys.stdout, sys.stderr, {}) as r:\n"
        "    for _ in range(20000): r(Warned('x' * 100))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


def test_quiet_is_silent_about_success_but_not_about_warnings_and_failure() -> None:
    def lines(quiet_mode: Mode, *, fails: bool) -> list[str]:
        err = Sink()
        with reporter_for(quiet_mode, Sink(), err, {}) as reporter:
            for _, event in rolled_back() if fails else updated():
                reporter(event)
        return [line[10:] for line in err.text.splitlines()]

    warned = "nginx still sees the old code of volumes_from: php-fpm until it is updated"
    assert lines(Mode(quiet=True), fails=False) == [f"warning      {warned}"]
    words = [line.split("  ")[0] for line in lines(Mode(quiet=True), fails=True)]
    assert words[:3] == ["rolled back", "serving", "next"]


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_a_plan_that_was_asked_for_is_data_on_stdout(*, terminal: bool, quiet: bool) -> None:
    out, err = Sink(), Sink(terminal=terminal)
    mode = Mode(plan_is_answer=True, quiet=quiet)
    with reporter_for(mode, out, err, TERM) as reporter:
        for _, event in updated():
            reporter(event)
            if type(event).__name__ == "Planned":
                break
    assert out.text == f"{PLAN}\n"
    assert "no way back" not in err.text
