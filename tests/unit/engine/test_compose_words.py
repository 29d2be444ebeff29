"""What compose prints, recorded from 2.26.1, 2.40.3, 5.0.2 and 5.5.0."""

from __future__ import annotations

import pytest

from composeroll.engine.compose.words import (
    Action,
    PullLine,
    compose_failure,
    dangers,
    parse_dry_run,
    parse_pull_line,
    read_verdicts,
    unset_variables,
)
from composeroll.errors import EngineError, EngineUnreachable

RUNNING = """\
time="2026-11-21T03:02:31Z" level=warning msg="c.yml: the attribute `version` is obsolete"
 DRY-RUN MODE -  Container shop-web-1  Running
 DRY-RUN MODE -  Container shop-web-2  Running
"""
RECREATE = """\
 DRY-RUN MODE -  Container shop-web-1  Running
 DRY-RUN MODE -  Container shop-web-2  Recreate
 DRY-RUN MODE -  Container shop-web-2  Recreated
 DRY-RUN MODE -  Container 6ad6d68021a8_shop-web-2  Starting
 DRY-RUN MODE -  Container 6ad6d68021a8_shop-web-2  Started
"""
SCALE_UP = """\
 DRY-RUN MODE -  Container shop-web-1  Running
 DRY-RUN MODE -  Container shop-web-2  Creating
 DRY-RUN MODE -  Container shop-web-2  Created
 DRY-RUN MODE -  Container shop-web-2  Starting
 DRY-RUN MODE -  Container shop-web-2  Started
"""
NETWORK_CHANGED = """\
 DRY-RUN MODE -  Container shop-web-1  Stopping
 DRY-RUN MODE -  Container shop-web-1  Stopped
 DRY-RUN MODE -  Network shop_default  Removed
 DRY-RUN MODE -  Container shop-web-1  Running
 DRY-RUN MODE -  Container shop-web-2  Creating
"""
VOLUME_CHANGED = (
    RUNNING + 'Volume "shop_data" exists but doesn\'t match configuration in compose file. Recreate'
    " (data will be lost)?"
)
FROM_5_5 = """\
time="2026-11-21T03:02:31Z" level=warning msg="c.yml: the attribute `version` is obsolete"
 Container shop-web-1 Running 
 Container shop-web-2 Recreate 
 Container shop-web-2 Recreated 
"""  # noqa: W291 Compose 5 prints its empty details
NETWORK_CHANGED_5_0 = """\
 Container shop-web-1 Stopping 
 Container shop-web-1 Stopped 
 Network shop_default Removed 
 Container shop-web-1 Running 
 Container shop-web-2 Creating 
 Container shop-web-2 Created 
"""  # noqa: W291
NETWORK_CHANGED_5_5 = """\
 Container shop-web-1 Stopping 
 Container shop-web-1 Stopped 
 Network shop_default Removing 
 Network shop_default Removed 
 Network shop_default Creating 
 Network shop_default Creating 
 Network shop_default Created 
 Network shop_default Created 
 Container shop-web-2 Creating 
 Container shop-web-2 Created 
 web Your kernel does not support something 
"""  # noqa: W291
PAUSED_5_5 = """\
 Container shop-web-1 Starting 
 Container shop-web-1 Started 
"""  # noqa: W291
FIRST_5_5 = """\
 Network shop_default Creating 
 Network shop_default Creating 
 Network shop_default Created 
 Network shop_default Created 
 Volume shop_data Creating 
 Volume shop_data Creating 
 Volume shop_data Created 
 Volume shop_data Created 
 Container shop-web-1 Creating 
 Container shop-web-1 Created 
"""  # noqa: W291


def test_running_containers_are_up_to_date() -> None:
    assert read_verdicts(parse_dry_run(RUNNING)) == {
        "shop-web-1": "Running",
        "shop-web-2": "Running",
    }


def test_a_recreate_is_told_of_the_container_and_not_of_its_passing_name() -> None:
    assert read_verdicts(parse_dry_run(RECREATE)) == {
        "shop-web-1": "Running",
        "shop-web-2": "Recreate",
    }


def test_compose_5_is_understood_too_which_marks_no_line_as_of_a_dry_run() -> None:
    assert read_verdicts(parse_dry_run(FROM_5_5)) == {
        "shop-web-1": "Running",
        "shop-web-2": "Recreate",
    }
    stopped = ("Container shop-web-1 Stopping", "Container shop-web-1 Stopped")
    removed = ("Network shop_default Removing", "Network shop_default Removed")
    assert dangers(parse_dry_run(NETWORK_CHANGED_5_0)) == (*stopped, removed[1])
    assert dangers(parse_dry_run(NETWORK_CHANGED_5_5)) == (*stopped, *removed)


def test_what_is_paused_is_dangerous_though_compose_5_starts_it_where_it_was_restarted() -> None:
    assert dangers(parse_dry_run(PAUSED_5_5)) == (
        "Container shop-web-1 Starting",
        "Container shop-web-1 Started",
    )


@pytest.mark.parametrize("said", [RUNNING, SCALE_UP, FIRST_5_5])
def test_new_containers_beside_running_ones_are_safe(said: str) -> None:
    assert dangers(parse_dry_run(said)) == ()


def test_a_changed_network_is_dangerous_though_nothing_is_recreated() -> None:
    assert dangers(parse_dry_run(NETWORK_CHANGED)) == (
        "Container shop-web-1 Stopping",
        "Container shop-web-1 Stopped",
        "Network shop_default Removed",
    )


def test_a_volume_that_compose_would_ask_to_recreate_is_dangerous() -> None:
    assert dangers(parse_dry_run(VOLUME_CHANGED)) == ("Volume shop_data Recreate",)
    assert "shop_data" not in read_verdicts(parse_dry_run(VOLUME_CHANGED))


@pytest.mark.parametrize("word", ["Recreate", "Starting", "Removing", "Restarting", "Frobnicated"])
def test_any_other_word_about_an_existing_container_is_dangerous(word: str) -> None:
    assert dangers([Action("Container", "shop-web-1", word)])


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ('{"id":"web","text":"Pulling"}', PullLine("web", "", "Pulling")),
        (
            '{"id":"b1c2","parent_id":"web","text":"Downloading","current":1000,"total":2000}',
            PullLine("web", "b1c2", "Downloading", 1000, 2000),
        ),
        (
            '{"id":"Image r.example/web:1","status":"Working","text":"Pulling"}',
            PullLine("r.example/web:1", "", "Pulling"),
        ),
        (
            '{"id":"b1","parent_id":"Image web:1","text":"Extracting","details":"1kB","current":1}',
            PullLine("web:1", "b1", "Extracting", 1),
        ),
        (
            '{"id":"web","status":"Done","text":"Skipped","details":"No image to be pulled"}',
            PullLine("web", "", "Skipped"),
        ),
        (
            '{"id":"Image r.example/web:1","status":"Error","text":"Error","details":"denied"}',
            PullLine("r.example/web:1", "", "Error"),
        ),
        (" web Pulling ", PullLine("web", "", "Pulling")),
        (
            " 0a1b2c3d4e5f Downloading [====>   ]  10.2MB/20MB",
            PullLine("", "0a1b2c3d4e5f", "Downloading"),
        ),
        (" db Skipped - No image ", PullLine("db", "", "Skipped - No image")),
    ],
)
def test_pull_progress_is_read_in_every_form(line: str, meaning: PullLine) -> None:
    assert parse_pull_line(line) == meaning


@pytest.mark.parametrize(
    "line",
    [
        '{"error":true,"message":"denied"}',
        '{"level":"warning","msg":"WARNING: ...","time":"2026-11-23T01:24:26Z"}',
        "Error response from daemon: denied",
        "",
        "{",
    ],
)
def test_lines_that_are_no_progress_are_passed_over(line: str) -> None:
    assert parse_pull_line(line) is None


def test_a_failure_is_told_in_composes_own_words_without_progress_and_warnings() -> None:
    error = compose_failure(
        'time="…" level=warning msg="x"\n Container shop-web-2  Creating\n'
        "Error response from daemon: port is already allocated\n"
    )
    assert isinstance(error, EngineError)
    assert error.what == "Error response from daemon: port is already allocated"
    assert error.evidence == ("Error response from daemon: port is already allocated",)


def test_what_a_dry_run_says_as_progress_is_its_message_where_it_says_nothing_else() -> None:
    missing = "Could not find the file / in container shop-web-1"
    error = compose_failure(
        f" DRY-RUN MODE -  Container shop-web-1  Running\n DRY-RUN MODE -  {missing} \n"
    )
    assert error.what == missing
    assert "no such service" in compose_failure(f" DRY-RUN MODE -  {missing}\nno such service").what
    for silent in ("", RUNNING):
        assert compose_failure(silent).what == "compose failed and printed nothing"


@pytest.mark.parametrize(
    "said",
    [
        "Cannot connect to the Docker daemon at unix:///nowhere. Is the docker daemon running?",
        "failed to connect to the docker API at unix:///a; check if the path is correct and if […]",
        "docker: 'compose' is not a docker command.",
        "docker: unknown command: docker compose",
        "unknown shorthand flag: 'f' in -f",
    ],
)
def test_no_engine_and_no_compose_are_unreachable(said: str) -> None:
    error = compose_failure(said)
    assert isinstance(error, EngineUnreachable)
    assert (error.what, error.evidence) == (said, ())
    assert error.serving == "no container was touched"


def test_what_docker_says_after_that_is_not_the_matter() -> None:
    said = "docker: unknown command: docker compose\n\nRun 'docker --help' for more information\n"
    error = compose_failure(said)
    assert isinstance(error, EngineUnreachable)
    assert error.what == "docker: unknown command: docker compose"
    assert error.evidence == ("Run 'docker --help' for more information",)


def test_a_variable_that_nobody_has_set_is_told_once() -> None:
    unset = r'level=warning msg="The \"DB_PASSWORD\" variable is not set. Defaulting to a blank'
    said = f'time="2026-11-22T17:55:43Z" {unset} string."\n' * 2
    assert unset_variables(RUNNING + said) == ("DB_PASSWORD",)
    assert not unset_variables(RUNNING)
