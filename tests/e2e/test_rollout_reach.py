"""From near and far, by an old Compose, however the project is named: it is the same update."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import images, state
from tests.bed.images import E2E_FOLDER, Image
from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.docker import docker
from tests.e2e.harness.far import AS_IN_A_JOB, far_engine
from tests.e2e.harness.job import run_job
from tests.e2e.harness.rolling import roll, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack

pytestmark = pytest.mark.e2e

OLDEST = Image("composeroll-e2e/compose-trixie", E2E_FOLDER / "compose-trixie")
ENGINE = "unix:///var/run/docker.sock"


def test_an_engine_behind_ssh_is_updated_as_if_it_were_here(start: Start, tmp_path: Path) -> None:
    stack = start(recipe.app())
    with far_engine(tmp_path) as far:
        stack.environment |= far.environment
        roll(stack, "app", flags=("-H", far.host))


def test_the_examples_gitlab_job_updates_over_ssh_with_a_key_from_its_agent(
    start: Start, tmp_path: Path
) -> None:
    stack = start(recipe.app())
    stack.push("2", "app")
    with far_engine(tmp_path, AS_IN_A_JOB) as far, under_load(stack) as load:
        (tmp_path / "known").write_text(far.known_hosts, encoding="utf-8")
        variables = {
            **far.environment,
            "HOME": str(tmp_path),
            "COMPOSE_PROJECT_NAME": stack.project,
            "COMPOSE_FILE": ":".join(stack.files),
            "COMPOSE_ENV_FILES": "",
            "REGISTRY": stack.registry,
            "SERVICES": "app",
            "STAGING_HOST": far.host,
            "SSH_PRIVATE_KEY": str(far.key),
            "SSH_KNOWN_HOSTS": str(tmp_path / "known"),
        }
        load.mark("began")
        done = run_job("deploy", stack.directory, variables)
        load.mark("ended")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "section_start" in done.stderr, done.stderr
    claims.nothing_was_lost(load.result())
    claims.the_version_changed(load.result(), "1", "2")


def test_the_oldest_compose_that_is_promised_does_it_too(start: Start) -> None:
    stack = start(recipe.app())
    stack.environment["DOCKER_CONFIG"] = str(with_oldest_compose())
    done = stack.composeroll("version")
    assert "2.26." in done.stdout, str(done)
    roll(stack, "app")


def with_oldest_compose() -> Path:
    """A directory of docker's settings that has it as a plugin."""
    images.up([OLDEST])
    home = state.directory() / "compose-trixie"
    plugins = home / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    container = docker("create", OLDEST.ref, "never-started")
    try:
        docker("cp", f"{container}:/docker-compose", f"{plugins}/docker-compose")
    finally:
        docker("rm", container)
    return home


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is up to date, with a second file that wants one replica more."""
    text = (recipe.FILES / "third.yml").read_text(encoding="utf-8")
    made = recipe.app(beside={"third.yml": text, "third.env": ""})
    with running(made, tmp_path_factory.mktemp("still")) as stack:
        done = stack.update("app")
        assert done.code == 0, str(done)
        env = (stack.directory / ".env").read_text(encoding="utf-8")
        more = env.replace("REPLICAS=2", "REPLICAS=3")
        (stack.directory / "third.env").write_text(more, encoding="utf-8")
        yield stack


def is_up_to_date(done: Done) -> None:
    assert (done.code, "up to date   app (" in done.stderr) == (0, True), str(done)


def wants_a_third(done: Done) -> None:
    assert (done.code, "create 1 replica of app  (2 of 3 run)" in done.stdout) == (0, True), str(
        done
    )


def test_docker_rollout_5_11_13_17_54_composes_flags_are_taken_before_the_verb_and_after_it(
    still: Stack,
) -> None:
    file, project = ("-f", "app.yml"), ("-p", still.project)
    is_up_to_date(still.composeroll(*file, *project, "update", "app"))
    is_up_to_date(still.composeroll("update", *file, *project, "app"))
    is_up_to_date(still.composeroll(*project, "update", "app", *file))


def test_files_are_merged_in_their_order_wherever_they_stand(still: Stack) -> None:
    words = ("-p", still.project, "-f", "app.yml", "update", "-f", "third.yml", "app")
    wants_a_third(still.composeroll(*words, "--dry-run"))
    words = ("-p", still.project, "-f", "third.yml", "update", "-f", "app.yml", "app")
    is_up_to_date(still.composeroll(*words))


def test_docker_rollout_5_11_13_17_54_an_env_file_takes_the_place_of_the_projects_own(
    still: Stack,
) -> None:
    wants_a_third(still.update("--env-file", "third.env", "--dry-run", "app"))


def test_docker_rollout_5_11_13_17_54_a_profile_shows_its_services_and_naming_one_does_too(
    still: Stack,
) -> None:
    files = ("-p", still.project, "-f", "app.yml", "-f", "third.yml", "--dry-run", "nightly")
    for profile in (("--profile", "night"), ()):
        done = still.composeroll("update", *profile, *files)
        assert (done.code, "create 1 replica of nightly" in done.stdout) == (0, True), str(done)


def test_the_project_directory_is_where_its_files_are_read(still: Stack) -> None:
    elsewhere = still.directory.parent
    file = str(still.directory / "app.yml")
    words = ("--project-directory", str(still.directory), "-f", file, "-p", still.project)
    is_up_to_date(still.composeroll("update", *words, "app", cwd=elsewhere))


def test_docker_rollout_5_11_13_17_54_composes_own_variables_name_files_and_project(
    still: Stack,
) -> None:
    env = {"COMPOSE_PROJECT_NAME": still.project, "COMPOSE_FILE": "app.yml"}
    is_up_to_date(still.composeroll("update", "app", env=env))
    env["COMPOSE_FILE"] = "app.yml:third.yml"
    wants_a_third(still.composeroll("update", "--dry-run", "app", env=env))


def test_docker_rollout_5_11_13_17_54_the_engine_is_chosen_by_flag_context_or_variable(
    still: Stack,
) -> None:
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    is_up_to_date(still.update("-H", ENGINE, "app"))
    is_up_to_date(still.update("-c", "default", "app"))
    is_up_to_date(still.composeroll("update", *still.selection, "app", env={"DOCKER_HOST": ENGINE}))
    done = still.composeroll("update", *still.selection, "app", env=nowhere)
    assert done.code == 6, str(done)
