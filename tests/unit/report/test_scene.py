"""The live view's layout: what stays, what moves, and what gives way where room is short."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from msgspec.structs import replace
from rich.text import Text

from composeroll.report.events import (
    Draining,
    Event,
    Finished,
    Outcome,
    Planned,
    ReplicasSeen,
    Stage,
    Watching,
)
from composeroll.report.glyphs import ASCII
from composeroll.report.pen import Pen
from composeroll.report.remarks import end_rows
from composeroll.report.scene import Scene
from composeroll.report.wording import clean_event
from tests.unit.report.streams import FINAL, PLAN, REVERSIBLE, replica, rolled_back, updated

WIDE, NARROW = Pen(120), Pen(80)


def text(lines: list[Text]) -> str:
    """The lines without their styles."""
    return "\n".join(line.plain.rstrip() for line in lines)


def drawn(events: list[Event], pen: Pen) -> tuple[Scene, list[Text]]:
    """A scene after these events, and the lines that stay."""
    scene, above = Scene(), []
    for event in events:
        above += scene.take(clean_event(event, ascii_only=pen.glyphs is ASCII), pen)
    return scene, above


def until_draining() -> list[Event]:
    """An update up to the middle of its drain."""
    events = [event for _, event in updated()]
    last = max(i for i, event in enumerate(events) if type(event).__name__ == "Draining")
    return events[:last]


def crowd(number: int) -> ReplicasSeen:
    """That many replicas, of which the last one drains."""
    rows = [
        replace(replica(1, Stage.READY), name=f"staging-a-service-with-a-long-name-{n}")
        for n in range(number)
    ]
    return ReplicasSeen((*rows[:-1], replace(rows[-1], stage=Stage.DRAINING)))


def test_the_plan_is_the_checklist_and_the_table_stands_below() -> None:
    scene, above = drawn(until_draining(), NARROW)
    assert text([*above, *scene.moving(NARROW, 40)]) == snapshot("""\
  ✔ pull php-fpm                                                           3.2s
    php-fpm  registry.example.com/staging/php-fpm:staging is now 4f1c2a9e0b1d
  ✔ observe php-fpm                                                        0.2s
  ! nginx still sees the old code of volumes_from: php-fpm until it is updated

  ✔  1  start 2 replicas of php-fpm  (the image moved)                     1.2s
  ✔  2  await 2 ready replicas of php-fpm                                  1.4s
  ✔  3  switch upstream backend to the incoming replicas                   0.3s
  ✔  4  confirm the switch  (no worker reads the old file)                 0.1s
  ✔  5  watch the incoming replicas for 2s                                 2.0s
        ── no way back after this ────────────────────────
  ⠋  6  drain 2 outgoing replicas of php-fpm  (1 old worker)               0.0s
     7  retire 2 replicas of php-fpm  (replaced)
     8  renumber php-fpm

    replica            image         address          stage     upstream  conns
    staging-php-fpm-1  8c1d0f1e22aa  172.19.0.4:9000  draining  out           1
    staging-php-fpm-2  8c1d0f1e22aa  172.19.0.5:9000  draining  out           0
    staging-php-fpm-3  4f1c2a9e0b1d  172.19.0.6:9000  ready     in            0
    staging-php-fpm-4  4f1c2a9e0b1d  172.19.0.7:9000  ready     in            0\
""")


def test_a_watch_shows_what_it_has_seen_in_place_of_its_reason() -> None:
    events = [event for _, event in updated()]
    first = next(i for i, event in enumerate(events) if isinstance(event, Watching))
    scene, _ = drawn(events[: first + 2], WIDE)
    (line,) = (line for line in scene.moving(WIDE, 40) if "watch the" in line.plain)
    assert "watch the incoming replicas for 2s  (214 requests, 3 with 5xx)" in line.plain
    scene.take(Watching("api", 5, 0), WIDE)
    (line,) = (line for line in scene.moving(WIDE, 40) if "watch the" in line.plain)
    assert "(php-fpm: 214 requests, 3 with 5xx; api: 5 requests, 0" in line.plain


def test_the_end_of_a_failure_stays_readable() -> None:
    scene, above = drawn([event for _, event in rolled_back()], NARROW)
    assert text([*above, *scene.settled(NARROW)]) == snapshot("""\
  ✔ pull php-fpm                                                           3.2s
    php-fpm  registry.example.com/staging/php-fpm:staging is now 4f1c2a9e0b1d
  ✔ observe php-fpm                                                        0.2s
  · php-fpm has no healthcheck; asking FastCGI /ping

  ✔  1  start 2 replicas of php-fpm  (the image moved)                     1.2s
  ✘  2  await 2 ready replicas of php-fpm
        staging-php-fpm-3 answered status 500 for 60s
     3  switch upstream backend to the incoming replicas
     4  confirm the switch  (no worker reads the old file)
     5  watch the incoming replicas for 2s
        ── no way back after this ────────────────────────
     6  drain 2 outgoing replicas of php-fpm
     7  retire 2 replicas of php-fpm  (replaced)
     8  renumber php-fpm
  ↩     undone  start 2 replicas of php-fpm                                0.7s

    replica            image         address          stage    upstream  conns
    staging-php-fpm-1  8c1d0f1e22aa  172.19.0.4:9000  current  in            3
    staging-php-fpm-2  8c1d0f1e22aa  172.19.0.5:9000  current  in            1

  ✘ rolled back  staging-php-fpm-3 answered status 500 for 60s            1m05s
    serving  staging-php-fpm-1 and staging-php-fpm-2, which never noticed
    next     `docker run --rm -it registry.example.com/staging/php-fpm:staging php-fpm -t`

    │ NOTICE: fpm is running, pid 1
    │ PHP Fatal error:  Class "Cache" not found in /app/ping.php:3
    │ Stack trace:
    │ #0 {main}
    │ WARNING: [pool www] child 7 exited with code 255 after 0.2 seconds\
""")


@pytest.mark.parametrize("stream", [updated, rolled_back])
def test_without_unicode_every_sign_is_ascii(stream: object) -> None:
    assert callable(stream)
    pen = Pen(80, ASCII)
    events: list[Event] = [event for _, event in stream()]
    for size in range(1, len(events) + 1, 7):
        scene, above = drawn(events[:size], pen)
        assert text([*above, *scene.moving(pen, 40), *scene.settled(pen)]).isascii()


@pytest.mark.parametrize("width", [40, 60, 80, 140, 300])
@pytest.mark.parametrize("height", [5, 12, 23, 50])
@pytest.mark.parametrize("number", [1, 20])
def test_the_moving_part_never_exceeds_the_terminal(width: int, height: int, number: int) -> None:
    pen, scene = Pen(width), Scene()
    events = [*until_draining(), crowd(number)]
    for taken, event in enumerate(events, start=1):
        scene.take(clean_event(event, ascii_only=False), pen)
        if taken % 9 and taken < len(events):
            continue
        lines = scene.moving(pen, height)
        assert len(lines) <= height
        assert max((line.cell_len for line in lines), default=0) < width


def test_where_room_is_short_what_moves_is_shown_and_the_rest_is_counted() -> None:
    scene, _ = drawn([*until_draining(), crowd(20)], NARROW)
    shown = text(scene.moving(NARROW, 23))
    assert "draining" in shown
    assert "drain 2 outgoing replicas" in shown
    assert "more: 1" in shown
    assert shown.splitlines()[-1].endswith(" ready")


@pytest.mark.parametrize("height", [5, 8, 12])
@pytest.mark.parametrize("pen", [NARROW, Pen(80, ASCII)], ids=["unicode", "ascii"])
def test_where_room_is_short_the_step_that_runs_is_in_sight(pen: Pen, height: int) -> None:
    scene, _ = drawn([*until_draining(), crowd(20)], pen)
    assert "drain 2 outgoing replicas" in text(scene.moving(pen, height))


@pytest.mark.parametrize("height", [5, 8, 12])
def test_on_the_way_back_the_step_that_was_undone_last_is_in_sight(height: int) -> None:
    scene, _ = drawn([event for _, event in rolled_back()][:-1], NARROW)
    assert "undone  start 2 replicas" in text(scene.moving(NARROW, height))


def test_before_the_first_step_the_beginning_of_the_plan_is_in_sight() -> None:
    scene, _ = drawn([Planned(PLAN, REVERSIBLE, FINAL)], NARROW)
    assert "1  start 2 replicas" in text(scene.moving(NARROW, 3))


def test_a_second_batch_keeps_the_first_ones_steps_above() -> None:
    events = [event for _, event in updated()][:-1]
    scene, above = drawn([*events, Planned(PLAN, REVERSIBLE, FINAL)], WIDE)
    assert text(above).count("renumber php-fpm") == 1
    assert text(scene.moving(WIDE, 40)).count("renumber php-fpm") == 1


def test_layers_are_shown_while_they_come_and_never_after() -> None:
    events = [event for _, event in updated()]
    assert "━" in text(drawn(events[:40], NARROW)[0].moving(NARROW, 40))
    scene, above = drawn(events, NARROW)
    assert "━" not in text([*above, *scene.settled(NARROW)])


def test_a_drain_without_workers_leaves_no_connection() -> None:
    scene, _ = drawn([*until_draining(), Draining(0)], NARROW)
    rows = [line for line in text(scene.moving(NARROW, 40)).splitlines() if "draining" in line]
    assert [row.split()[-1] for row in rows] == ["0", "0"]


def test_what_was_cut_off_does_not_look_as_if_it_still_ran() -> None:
    scene, _ = drawn(until_draining(), NARROW)
    assert "  ⠋  6  drain" in text(scene.moving(NARROW, 40))
    assert "  ·  6  drain" in text(scene.settled(NARROW))


def test_in_the_narrowest_window_the_images_go_and_not_what_nginx_does() -> None:
    scene, _ = drawn(until_draining(), Pen(40))
    shown = text(scene.moving(Pen(40), 40))
    heading = next(line for line in shown.splitlines() if "replica " in line)
    assert heading.split() == ["replica", "stage", "upstream", "conns"]
    assert "\N{HORIZONTAL ELLIPSIS}m-3" in shown


@pytest.mark.parametrize("width", [40, 90])
def test_an_end_is_broken_between_words_and_a_command_not_at_all(width: int) -> None:
    command = "`composeroll rollback php-fpm --to 3`"
    advice = f"mend the image of the service and run the same command again, or {command} goes back"
    log = "PHP Fatal error: Class Cache not found in /app/ping.php on the line with number 3 of it"
    end = Finished(Outcome.ROLLED_BACK, "it died", 1.0, "", advice, (f"  {log}", "short"))
    pen = Pen(width)
    rows = [row.plain for row in end_rows(end, pen)]
    assert all(len(row) < width or command in row for row in rows)
    said = " ".join(" ".join(row.removeprefix("    \u2502").split()) for row in rows)
    assert advice in said
    assert log in said
    bare = "`docker compose --project-name shop up -d --no-deps --force-recreate nginx --wait`"
    (row,) = (r for r in end_rows(replace(end, help=bare), pen) if "--no-deps" in r.plain)
    assert row.plain.endswith(bare)
