"""Compose's own flags reach compose as they were given."""

from __future__ import annotations

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.errors import UsageError


def test_every_flag_is_handed_on_in_order() -> None:
    flags = ComposeFlags(
        files=("a.yml", "b.yml"),
        project_name="shop",
        profiles=("web", "jobs"),
        env_files=(".env", ".env.staging"),
        project_directory="/srv/shop",
        context="staging",
        host="ssh://server",
    )
    engine = ["docker", "-c", "staging", "-H", "ssh://server"]
    assert flags.docker_argv() == engine
    assert flags.compose_argv() == [
        *engine,
        "compose",
        *("-f", "a.yml", "-f", "b.yml"),
        *("--profile", "web", "--profile", "jobs"),
        *("--env-file", ".env", "--env-file", ".env.staging"),
        *("-p", "shop"),
        *("--project-directory", "/srv/shop"),
    ]


def test_standard_input_is_refused_since_it_can_be_read_only_once() -> None:
    with pytest.raises(UsageError, match="-f - cannot be read") as wrong:
        ComposeFlags(files=("a.yml", "-"))
    assert wrong.value.help == "write it to a file, and pass that with -f"


def test_nothing_given_adds_nothing() -> None:
    assert ComposeFlags().compose_argv() == ["docker", "compose"]


def test_a_settled_name_and_all_profiles_change_nothing_else() -> None:
    flags = ComposeFlags(files=("a.yml",), profiles=("web",))
    assert flags.named("shop") == ComposeFlags(("a.yml",), "shop", ("web",))
    assert flags.with_all_profiles().profiles == ("web", "*")


ADVICE = (
    "`composeroll sync app`, or `docker compose stop app`; see `docker logs a-1` (docker is up)"
)


def test_a_command_that_is_told_has_the_flags_of_the_run() -> None:
    flags = ComposeFlags(
        files=("my staging.yml", "b.yml"), project_name="shop", host="ssh://server", profiles=("x",)
    )
    project = "-f 'my staging.yml' -f b.yml --profile x -p shop"
    assert flags.spelled_out(ADVICE) == (
        f"`composeroll -H ssh://server {project} sync app`,"
        f" or `docker -H ssh://server compose {project} stop app`;"
        " see `docker -H ssh://server logs a-1` (docker is up)"
    )


def test_without_flags_a_command_is_told_as_it_is() -> None:
    assert ComposeFlags().spelled_out(ADVICE) == ADVICE
