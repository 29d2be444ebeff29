"""The choice of a renderer: for a terminal, a log, a CI log, or a program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from composeroll.report.channel import Channel
from composeroll.report.glyphs import speaks_unicode
from composeroll.report.plain import PlainReporter
from composeroll.report.reporter import Both, Reporter
from composeroll.report.sections import Ci, GitHubReporter, GitLabReporter


class Mode(Struct, frozen=True):
    """What the flags ask for.

    Attributes:
        json: `--json`, one event per line on stdout.
        quiet: `-q`, only warnings and the end of a run that did not succeed.
        verbose: `-v`, also every attempt of a probe.
        ci: `--ci`, None to detect it from the environment.
        plan_is_answer: the plan is the command's result (`plan`, `--dry-run`): it goes to stdout.
        record: where to write a picture (SVG) of the rollout while it runs.
        events: `--events`, a file that gets the JSON lines as well.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    ci: Ci | None = None
    plan_is_answer: bool = False
    record: Path | None = None
    events: Path | None = None


def reporter_for(
    mode: Mode, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]
) -> Reporter:
    """Return the reporter for these flags, streams and environment, to be used in a `with` block.

    Raises:
        UsageError: the file of `--record` or `--events` cannot be written.
    """
    chosen = _renderer(mode, stdout, stderr, environ)
    if mode.record is not None:
        from composeroll.report.picture import PictureReporter  # noqa: PLC0415 - brings rich

        chosen = Both(chosen, PictureReporter(mode.record))
    if mode.events is not None:
        from composeroll.report.jsonlines import JsonFile  # noqa: PLC0415 - only where asked for

        chosen = Both(chosen, JsonFile(mode.events))
    return chosen


def _renderer(mode: Mode, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> Reporter:
    ascii_only = not speaks_unicode(environ, stderr.encoding or "ascii")
    out, err = (Channel(stream, ascii_only=ascii_only) for stream in (stdout, stderr))
    data = out if mode.plan_is_answer else None
    if mode.json:
        return _json(out)
    if mode.quiet:
        return _quiet(err, data, ascii_only=ascii_only)
    ci = mode.ci or ci_of(environ)
    if ci is None and on_terminal(stderr, environ):
        colour = not environ.get("NO_COLOR")
        return _console(err, data, mode, ascii_only=ascii_only, colour=colour)
    plain = PlainReporter(err, data=data, verbose=mode.verbose, ascii_only=ascii_only)
    return _folded(ci, plain, err)


def ci_of(environ: Mapping[str, str]) -> Ci | None:
    """Return the CI system that runs this job, by the variable that each sets to `true`."""
    if environ.get("GITLAB_CI") == "true":
        return Ci.GITLAB
    return Ci.GITHUB if environ.get("GITHUB_ACTIONS") == "true" else None


def on_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether `stream` is a terminal that can move its cursor."""
    return stream.isatty() and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}


def _folded(ci: Ci | None, plain: PlainReporter, channel: Channel) -> Reporter:
    if ci is Ci.GITLAB:
        return GitLabReporter(plain, channel)
    return GitHubReporter(plain, channel) if ci is Ci.GITHUB else plain


def _json(out: Channel) -> Reporter:
    from composeroll.report.jsonlines import JsonReporter  # noqa: PLC0415 - only where asked for

    return JsonReporter(out)


def _quiet(err: Channel, data: Channel | None, *, ascii_only: bool) -> Reporter:
    from composeroll.report.quiet import QuietReporter  # noqa: PLC0415 - only where asked for

    return QuietReporter(err, data=data, ascii_only=ascii_only)


def _console(
    err: Channel, data: Channel | None, mode: Mode, *, ascii_only: bool, colour: bool
) -> Reporter:
    from composeroll.report.console import ConsoleReporter  # noqa: PLC0415 - brings rich

    return ConsoleReporter(
        err, data=data, verbose=mode.verbose, ascii_only=ascii_only, colour=colour
    )
