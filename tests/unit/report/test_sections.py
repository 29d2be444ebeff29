"""CI folding: phases fold, a failing one stays open."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inline_snapshot import snapshot

from composeroll.report.channel import Channel
from composeroll.report.events import Phase, PhaseStarted, Warned
from composeroll.report.plain import PlainReporter
from composeroll.report.sections import GitHubReporter, GitLabReporter
from tests.unit.report.sinks import Sink, noon
from tests.unit.report.streams import Timed, rolled_back, updated


def gitlab(stream: Iterator[Timed]) -> str:
    """The stream as a GitLab job sees it."""
    channel = Channel(sink := Sink())
    with GitLabReporter(PlainReporter(channel, now=noon), channel) as reporter:
        for _, event in stream:
            reporter(event)
    return sink.text


def github(stream: Iterator[Timed]) -> list[str]:
    """The stream as a GitHub job sees it."""
    channel = Channel(sink := Sink())
    with GitHubReporter(PlainReporter(channel, now=noon), channel) as reporter:
        for _, event in stream:
            reporter(event)
    return sink.text.splitlines()


def marks(text: str) -> list[str]:
    """GitLab's markers without the time."""
    found = re.findall(r"\x1b\[0Ksection_(start|end):\d+:(\w+)\r\x1b\[0K", text)
    return [f"{which} {name}" for which, name in found]


def test_gitlab_folds_each_phase() -> None:
    assert marks(gitlab(updated())) == snapshot(
        [
            "start composeroll_pull_1",
            "end composeroll_pull_1",
            "start composeroll_observe_2",
            "end composeroll_observe_2",
            "start composeroll_apply_3",
            "end composeroll_apply_3",
            "start composeroll_verify_4",
            "end composeroll_verify_4",
        ]
    )


def test_gitlab_leaves_the_failing_phase_open() -> None:
    found = marks(gitlab(rolled_back()))
    assert "start composeroll_apply_3" in found
    assert "end composeroll_apply_3" not in found


def test_gitlab_has_no_escape_beside_its_markers() -> None:
    text = re.sub(r"\x1b\[0Ksection_\w+:\d+:\w+\r\x1b\[0K", "", gitlab(rolled_back()))
    assert "\x1b" not in text
    assert "\r" not in text


def test_github_shows_a_failure_outside_of_any_group() -> None:
    lines = github(rolled_back())
    depth = 0
    for line in lines:
        depth += line.startswith("::group::") - line.startswith("::endgroup::")
        assert depth in {0, 1}
        if "failed" in line or "rolled back" in line:
            assert depth == 0, line
    assert lines[-1] == "::error::staging-php-fpm-3 answered status 500 for 60s"


def test_github_s_group_ends_where_the_run_breaks_off_without_a_word() -> None:
    lines = github(iter([(0.0, PhaseStarted(Phase.PULL, "pull php-fpm"))]))
    assert lines[0] == "::group::pull php-fpm"
    assert lines[-1] == "::endgroup::"


def test_github_takes_no_command_from_a_container_s_words() -> None:
    lines = github(iter([(0.0, Warned("50%\n::stop-commands::x"))]))
    assert lines == ["::warning::50%25%0A::stop-commands::x"]
