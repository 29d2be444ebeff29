"""What a real compose reads, judges, makes and refuses."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.compose.reads import start_config
from composeroll.engine.engine import Engine
from composeroll.errors import EngineError, UsageError
from composeroll.model import ContainerState
from tests.e2e.engine_projects import Alarm, Project, alarm_after, docker, processes_about, running

pytestmark = pytest.mark.e2e


def test_the_model_is_read_with_all_profiles_and_service_extensions(project: Project) -> None:
    project.service("job", profiles=["ops"], **{"x-composeroll": {"port": 9}})
    text = start_config(project.flags).result()
    assert "job:" in text
    assert "x-composeroll:" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [", "yaml"),
        ("services: {a: {image: '${MISSING:?is needed}'}}", "is needed"),
        ("services: {a: {image: x, imagee: y}}", "imagee"),
    ],
)
def test_a_file_that_compose_rejects_is_a_usage_error_in_its_words(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "compose.yml").write_text(text)
    with pytest.raises(UsageError) as caught:
        start_config(ComposeFlags(files=(str(tmp_path / "compose.yml"),))).result()
    assert said in "\n".join((caught.value.what, *caught.value.evidence))


def test_compose_judges_what_is_outdated(project: Project, local: Engine) -> None:
    running(local, 2)
    names = [replica.name for replica in local.replicas()]
    assert local.verdicts({"app": 2}) == dict.fromkeys(names, "Running")
    project.service(environment={"V": "2"})
    assert local.verdicts({"app": 2}) == dict.fromkeys(names, "Recreate")


def test_creating_more_leaves_the_outdated_ones_alone(project: Project, local: Engine) -> None:
    before = running(local, 2)
    project.service(environment={"V": "2"})
    assert local.preflight({"app": 4}) == ()
    local.create({"app": 4})
    after = local.replicas()
    assert [replica.id for replica in after if replica.running] == before
    assert [replica.state for replica in after[2:]] == [ContainerState.CREATED] * 2
    assert after[0].config_hash != after[3].config_hash


def test_docker_rollout_10_a_dependency_scaled_by_hand_stays_as_it_is(
    project: Project, local: Engine
) -> None:
    project.service("store")
    project.service(depends_on=["store"])
    stores = running(local, 2, "store")
    running(local, 1)
    project.service(environment={"V": "2"})
    local.create({"app": 2})
    after = local.replicas(["store"])
    assert [replica.id for replica in after if replica.running] == stores


def test_what_the_file_does_not_name_any_more_is_nobodys_to_remove(
    project: Project, local: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_REMOVE_ORPHANS", "1")
    project.service("job")
    (job,) = running(local, 1, "job")
    del project.model["services"]["job"]
    project.write()
    running(local)
    assert local.preflight({"app": 2}) == ()
    local.create({"app": 2})
    local.start_all({"app": 2})
    local.recreate("app", 2)
    (left,) = local.replicas(["job"])
    assert (left.id, left.running) == (job, True)


def test_asking_about_a_changed_network_tells_it_and_leaves_its_containers_running(
    project: Project, local: Engine
) -> None:
    (one,) = running(local)
    started = docker("inspect", "--format", "{{.State.StartedAt}}", one)
    mtu = {"com.docker.network.driver.mtu": "1400"}
    project.write(networks={"default": {"driver_opts": mtu}})
    found = local.preflight({"app": 2})
    dangers = {
        f"Container {local.project}-app-1 Stopping",
        f"Network {local.project}_default Removed",
    }
    assert dangers <= set(found), found
    (replica,) = local.replicas()
    assert (replica.id, replica.running) == (one, True)
    assert docker("inspect", "--format", "{{.State.StartedAt}}", one) == started


def test_create_never_agrees_to_delete_a_changed_volume(project: Project, local: Engine) -> None:
    project.service(volumes=["data:/data"])
    project.write(volumes={"data": {}})
    (one,) = running(local)
    local.execute(one, ["sh", "-c", "echo precious > /data/f"])
    project.write(volumes={"data": {"labels": {"changed": "yes"}}})
    (found,) = local.preflight({"app": 2})
    assert found.startswith("Volume ")
    local.create({"app": 2})
    assert local.read_file(one, "/data/f") == b"precious\n"


def test_a_creation_that_fails_is_told_in_composes_words(project: Project, local: Engine) -> None:
    project.service(image=f"{project.name}:never-built")
    with pytest.raises(EngineError, match="No such image"):
        local.create({"app": 1})


def test_recreating_takes_the_new_image_and_new_anonymous_volumes(
    project: Project, local: Engine
) -> None:
    content = "RUN mkdir /code && echo {} > /code/version\nVOLUME /code"
    one, two = (project.image(str(version), content.format(version)) for version in (1, 2))
    reference = f"{project.name}:code"
    docker("tag", one, reference)
    project.service(image=reference)
    running(local)
    (old,) = local.replicas()
    docker("tag", two, reference)
    local.recreate("app", 1)
    (replica,) = local.replicas()
    assert replica.id != old.id
    assert local.execute(replica.id, ["cat", "/code/version"]).stdout == "2\n"
    (left,) = old.anonymous_volumes
    assert docker("volume", "ls", "--quiet", "--filter", f"name={left}") == left
    local.remove_volumes([left])  # compose leaves it, so a rollout takes it away at its end
    assert not docker("volume", "ls", "--quiet", "--filter", f"name={left}")


def test_compose_runs_no_pre_stop_in_what_it_recreates_so_that_composeroll_does(
    project: Project, local: Engine
) -> None:
    """One that did would run them twice."""
    hook = {"command": ["sh", "-c", "echo bye >> /data/bye"]}
    project.service(volumes=["data:/data"], pre_stop=[hook])
    project.write(volumes={"data": {}})
    (one,) = running(local)
    local.recreate("app", 1)
    (replica,) = local.replicas()
    assert replica.id != one
    assert local.execute(replica.id, ["ls", "/data"]).stdout == ""


@pytest.mark.parametrize("moment", [0.05, 0.15, 0.4])
def test_an_interrupted_creation_has_ended_when_the_interruption_is_seen(
    local: Engine, moment: float
) -> None:
    local.create({"app": 1})

    def create_and_linger() -> None:
        local.create({"app": 12})
        threading.Event().wait(5)

    with pytest.raises(Alarm), alarm_after(moment):
        create_and_linger()
    count = len(local.replicas())
    assert not processes_about(f"-p {local.project}")
    assert len(local.replicas()) == count
