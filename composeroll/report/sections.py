"""`--ci`: plain lines, folded by phase the way GitLab and GitHub fold; a failing phase stays open.

Markers: GitLab's `section_start`/`section_end` with a time in seconds, a carriage return and an
erase-line; GitHub's workflow commands `::group::`, `::endgroup::`, `::warning::` and `::error::`.
"""

from __future__ import annotations

from enum import StrEnum

from composeroll.report.channel import Channel
from composeroll.report.events import (
    Event,
    Finished,
    Phase,
    PhaseEnded,
    PhaseStarted,
    StepFailed,
    Warned,
)
from composeroll.report.plain import PlainReporter
from composeroll.report.quiet import GOOD
from composeroll.report.reporter import Reporter
from composeroll.report.wording import clean_event

ERASE_LINE = "\x1b[0K"


class Ci(StrEnum):
    """How a CI log is folded; `plain` is not folded."""

    GITLAB = "gitlab"
    GITHUB = "github"
    PLAIN = "plain"


class GitLabReporter(Reporter):
    """Marks phases as GitLab's sections; the section of a phase that failed is never closed."""

    def __init__(self, plain: PlainReporter, channel: Channel) -> None:
        self._plain = plain
        self._channel = channel
        self._times = 0
        self._open: dict[Phase, str] = {}

    @property
    def shows_replicas(self) -> bool:
        """Whether the lines inside the sections do."""
        return self._plain.shows_replicas

    def __call__(self, event: Event) -> None:
        """Write the event between its phase's markers."""
        if isinstance(event, PhaseStarted):
            self._times += 1
            self._open[event.phase] = f"composeroll_{event.phase}_{self._times}"
            self._mark("start", self._open[event.phase])
        self._plain(event)
        if isinstance(event, PhaseEnded) and event.phase in self._open:
            self._mark("end", self._open.pop(event.phase))
            self._channel.line()

    def close(self) -> None:
        """Stop watching the running step; open sections are left open on purpose."""
        self._plain.close()

    def _mark(self, which: str, name: str) -> None:
        at = int(self._plain.now().timestamp())
        self._channel.write(f"{ERASE_LINE}section_{which}:{at}:{name}\r{ERASE_LINE}")


class GitHubReporter(Reporter):
    """Marks phases as GitHub's groups, which are shown folded.

    A failure ends its group, is printed after it, and becomes an error annotation too.
    """

    def __init__(self, plain: PlainReporter, channel: Channel) -> None:
        self._plain = plain
        self._channel = channel
        self._open = False

    @property
    def shows_replicas(self) -> bool:
        """Whether the lines inside the groups do."""
        return self._plain.shows_replicas

    def __call__(self, event: Event) -> None:
        """Write the event in its phase's group."""
        match event:
            case PhaseStarted(_, title):
                self._end_group()
                self._command("group", title)
                self._open = True
            case StepFailed() | Finished():
                self._end_group()
            case Warned(text):
                self._command("warning", text)
                return
        self._plain(event)
        if isinstance(event, PhaseEnded):
            self._end_group()
        if isinstance(event, Finished) and event.outcome not in GOOD:
            self._command("error", event.text)

    def close(self) -> None:
        """Stop watching the running step, and end the group: what follows belongs to none."""
        self._plain.close()
        self._end_group()

    def _end_group(self) -> None:
        if self._open:
            self._channel.line("::endgroup::")
        self._open = False

    def _command(self, name: str, text: str) -> None:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        self._channel.line(f"::{name}::{clean_event(text)}")
