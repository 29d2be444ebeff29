"""Plain lines: one an event that matters, safe for any log."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from inline_snapshot import snapshot

from composeroll.report.channel import Channel
from composeroll.report.choose import Mode, reporter_for
from composeroll.report.events import Draining, Probed, StepEnded, StepStarted, Watching
from composeroll.report.plain import PlainReporter
from tests.unit.report.sinks import Clock, Sink, noon
from tests.unit.report.streams import Timed, rolled_back, updated

BOTH = pytest.mark.parametrize("stream", [updated, rolled_back])


def plain(stream: Iterator[Timed], *, verbose: bool = False) -> str:
    """The whole stream as plain lines, with the clock following the stream."""
    sink, clock = Sink(), Clock()
    with PlainReporter(Channel(sink), verbose=verbose, now=noon, clock=clock) as reporter:
        for wait, event in stream:
            clock.pass_(wait)
            reporter(event)
    return sink.text


def test_an_update_reads_as_one_line_a_step() -> None:
    assert plain(updated()) == snapshot("""\
12:00:00  pull         php-fpm
12:00:00               php-fpm: registry.example.com/staging/php-fpm:staging is now 4f1c2a9e0b1d
12:00:00               done in 3.2s
12:00:00  observe      php-fpm
12:00:00               done in 0.2s
12:00:00  plan           1  start 2 replicas of php-fpm  (the image moved)
12:00:00                 2  await 2 ready replicas of php-fpm
12:00:00                 3  switch upstream backend to the incoming replicas
12:00:00                 4  confirm the switch  (no worker reads the old file)
12:00:00                 5  watch the incoming replicas for 2s
12:00:00                    ── no way back after this ──
12:00:00                 6  drain 2 outgoing replicas of php-fpm
12:00:00                 7  retire 2 replicas of php-fpm  (replaced)
12:00:00                 8  renumber php-fpm
12:00:00  apply        update php-fpm
12:00:00  warning      nginx still sees the old code of volumes_from: php-fpm until it is updated
12:00:00  1/8          start 2 replicas of php-fpm (1.2s)
12:00:00  ready        staging-php-fpm-3 after 0.8s, FastCGI /ping
12:00:00  ready        staging-php-fpm-4 after 1.3s, FastCGI /ping
12:00:00  2/8          await 2 ready replicas of php-fpm (1.4s)
12:00:00  3/8          switch upstream backend to the incoming replicas (0.3s)
12:00:00  4/8          confirm the switch (0.1s)
12:00:00  watch        php-fpm: 1 request, 0 with 5xx
12:00:00  5/8          watch the incoming replicas for 2s (2.0s)
12:00:00  drain        2 old workers; connections to staging-php-fpm-1: 3, staging-php-fpm-2: 1
12:00:00  drain        1 old worker; connections to staging-php-fpm-1: 1
12:00:00  6/8          drain 2 outgoing replicas of php-fpm (6.4s)
12:00:00  7/8          retire 2 replicas of php-fpm (0.8s)
12:00:00  8/8          renumber php-fpm (0.1s)
12:00:00  verify       check that nothing is left to do
12:00:00               done in 0.4s
12:00:00  updated      php-fpm runs 4f1c2a9e0b1d on 2 replicas (16.1s)
""")


def test_a_failure_says_what_serves_what_to_do_and_shows_the_evidence() -> None:
    end = plain(rolled_back()).split("failed")[1]
    assert end == snapshot("""\
       2/8 await 2 ready replicas of php-fpm: staging-php-fpm-3 answered status 500 for 60s
12:00:00  undone       start 2 replicas of php-fpm (0.7s)
12:00:00  rolled back  staging-php-fpm-3 answered status 500 for 60s (1m05s)
12:00:00  serving      staging-php-fpm-1 and staging-php-fpm-2, which never noticed
12:00:00  next         `docker run --rm -it registry.example.com/staging/php-fpm:staging php-fpm -t`
12:00:00               | NOTICE: fpm is running, pid 1
12:00:00               | PHP Fatal error:  Class "Cache" not found in /app/ping.php:3
12:00:00               | Stack trace:
12:00:00               | #0 {main}
12:00:00               | WARNING: [pool www] child 7 exited with code 255 after 0.2 seconds
""")


def test_verbose_adds_every_probe_and_why_each_step_runs() -> None:
    added = set(plain(updated(), verbose=True).splitlines()) - set(plain(updated()).splitlines())
    text = "\n".join(added)
    assert "staging-php-fpm-3 not yet: connection refused" in text
    assert "start 2 replicas of php-fpm (the image moved)" in text


@BOTH
def test_no_escape_and_no_carriage_return_reaches_a_log(stream: type[Iterator[Timed]]) -> None:
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f]", plain(stream())) == []


@BOTH
def test_every_line_begins_with_its_time(stream: type[Iterator[Timed]]) -> None:
    assert all(line.startswith("12:00:00  ") for line in plain(stream()).splitlines())


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LANG": "POSIX"}, {}])
@pytest.mark.parametrize("mode", [Mode(), Mode(json=True), Mode(verbose=True), Mode(quiet=True)])
def test_a_c_locale_gets_ascii_bytes(locale: dict[str, str], mode: Mode) -> None:
    out, err = Sink(), Sink()
    with reporter_for(mode, out, err, locale) as reporter:
        for _, event in rolled_back():
            reporter(event)
        reporter(Draining(1, (("café-…-→-1", 2),)))
    assert (out.bytes + err.bytes).isascii()
    assert out.bytes + err.bytes


def test_an_encoding_without_a_sign_replaces_it() -> None:
    sink = Sink("latin-1")
    Channel(sink).line("naïve ✔")
    assert sink.text == "naïve ?\n"


def test_a_long_drain_says_something_only_when_numbers_change_and_not_too_often() -> None:
    sink, clock = Sink(), Clock()
    with PlainReporter(Channel(sink), now=noon, clock=clock) as reporter:
        for tick in range(600):
            reporter(Draining(2, (("app-1", 3 - tick // 200),)))
            clock.pass_(0.1)
    assert [line[23:] for line in sink.text.splitlines()] == [
        "2 old workers; connections to app-1: 3",
        "2 old workers; connections to app-1: 2",
        "2 old workers; connections to app-1: 1",
    ]


def test_each_service_that_is_watched_says_something_but_not_too_often() -> None:
    sink, clock = Sink(), Clock()
    with PlainReporter(Channel(sink), now=noon, clock=clock) as reporter:
        for tick in range(50):
            reporter(Watching("app", 10 * tick, tick // 20))
            reporter(Watching("api", 5, 0))
            clock.pass_(0.1)
    assert [line[10:] for line in sink.text.splitlines()] == [
        "watch        app: 0 requests, 0 with 5xx",
        "watch        api: 5 requests, 0 with 5xx",
        "watch        app: 300 requests, 1 with 5xx",
    ]


def test_a_step_that_lasts_is_named_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("composeroll.report.plain.PATIENCE", 0.01)
    sink = Sink()
    with PlainReporter(Channel(sink), now=noon) as reporter:
        reporter(StepStarted(2, 8, "await 2 ready replicas", ""))
        timer = reporter.timer
        assert timer is not None
        timer.join(timeout=5)
        reporter(StepEnded(2, 8, "await 2 ready replicas", 12.0))
    assert [line[10:] for line in sink.text.splitlines()] == [
        "2/8          await 2 ready replicas ... still running after 0s",
        "2/8          await 2 ready replicas (12.0s)",
    ]


def test_the_same_answer_of_a_probe_is_told_once() -> None:
    sink = Sink()
    with PlainReporter(Channel(sink), verbose=True, now=noon) as reporter:
        for _ in range(300):
            reporter(Probed("app", "app-3", passed=False, detail="connection refused"))
        reporter(Probed("app", "app-3", passed=True, detail="status 200"))
    assert len(sink.text.splitlines()) == 2
