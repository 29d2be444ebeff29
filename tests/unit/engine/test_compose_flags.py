"""Compose's global flags as argv."""

from __future__ import annotations

from composeroll.config.flags import ComposeFlags


def test_docker_rollout_5_11_13_17_54_every_flag_is_passed_on_in_the_order_it_was_given() -> None:
    flags = ComposeFlags(
        files=("a.yml", "b.yml"),
        project_name="shop",
        profiles=("web", "ops"),
        env_files=(".env", ".env.staging"),
        project_directory="/srv/shop",
        host="ssh://deploy@staging.example",
    )
    assert " ".join(flags.compose_argv()) == (
        "docker -H ssh://deploy@staging.example compose -f a.yml -f b.yml"
        " --profile web --profile ops --env-file .env --env-file .env.staging"
        " -p shop --project-directory /srv/shop"
    )


def test_what_was_not_given_is_left_to_compose() -> None:
    assert ComposeFlags().compose_argv() == ["docker", "compose"]


def test_the_settled_project_name_replaces_the_given_one() -> None:
    assert ComposeFlags(project_name="typed").named("resolved").project_name == "resolved"
