"""The engine room on a real engine: containers, what is in them, images, compose."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine import empty
from composeroll.engine.compose_reads import start_config
from composeroll.engine.compose_words import PullLine
from composeroll.engine.engine import Engine
from composeroll.engine.transport import DialStdio
from composeroll.errors import EngineError, EngineUnreachable, Refused, UsageError
from composeroll.model import ContainerState, LogStream, Output
from tests.bed import registry, state
from tests.e2e.engine_projects import (
    BASE,
    DEAF,
    Alarm,
    Project,
    alarm_after,
    docker,
    processes_about,
)
from tests.e2e.harness.docker import PROJECT as PROJECT_LABEL

pytestmark = pytest.mark.e2e

DEFAULT_SOCKET = "unix:///var/run/docker.sock"

ENGINES_GRACE = 10
"""Seconds that the engine gives a container which says nothing of its own."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project with one service `app`, not yet created."""
    project = Project(tmp_path)
    project.service()
    yield project
    project.destroy()


@pytest.fixture(params=["socket", "dial-stdio"])
def engine(request: pytest.FixtureRequest, project: Project) -> Iterator[Engine]:
    """The engine through its socket, and the same one through docker's own transport."""
    flags = project.flags
    through = DialStdio(["docker", "--host", DEFAULT_SOCKET]) if request.param != "socket" else None
    with Engine(flags, project.name, through) as engine:
        yield engine


@pytest.fixture
def local(project: Project) -> Iterator[Engine]:
    """The engine through its socket."""
    with Engine(project.flags, project.name) as engine:
        yield engine


def running(engine: Engine, count: int = 1, service: str = "app") -> list[str]:
    """That many containers of a service, started; full IDs."""
    engine.create({service: count})
    found = [replica.id for replica in engine.replicas([service])]
    engine.start(found)
    return found


# containers


def test_created_containers_are_listed_by_number_and_not_started(engine: Engine) -> None:
    engine.create({"app": 3})
    replicas = engine.replicas()
    assert [replica.number for replica in replicas] == [1, 2, 3]
    assert {replica.state for replica in replicas} == {ContainerState.CREATED}


def test_starting_stopping_and_removing_twice_is_as_good_as_once(engine: Engine) -> None:
    (one,) = running(engine)
    engine.start([one])
    for _ in range(2):
        engine.forbid_restart([one])
        engine.stop([one], 5)
    for _ in range(2):
        engine.remove([one])
    engine.stop([one])
    engine.forbid_restart([one])
    assert engine.find(one) is None


def test_one_whose_process_ends_meanwhile_is_kept_from_restarting(
    project: Project, local: Engine
) -> None:
    project.service(command=["sh", "-c", "sleep 0.2; exit 3"], restart="always")
    deadline = time.monotonic() + 60
    for one in running(local, 5):
        ended = False
        while not ended:  # without a pause: what is wanted is to meet the very moment
            assert time.monotonic() < deadline, local.find(one)
            local.forbid_restart([one])
            found = local.find(one)
            ended = found is None or found.state is ContainerState.EXITED


def test_twenty_containers_that_ignore_sigterm_stop_in_the_time_of_a_few(
    project: Project, engine: Engine
) -> None:
    project.service(command=DEAF)
    twenty = running(engine, 20)
    assert {replica.state for replica in engine.replicas()} == {ContainerState.RUNNING}
    start = time.monotonic()
    engine.stop(twenty, 2)
    assert time.monotonic() - start < 20
    assert {replica.exit_code for replica in engine.replicas()} == {137}


def test_without_a_grace_period_the_containers_own_holds(project: Project, local: Engine) -> None:
    project.service(command=DEAF, stop_grace_period="1s")
    (one,) = running(local)
    start = time.monotonic()
    local.stop([one])
    assert 1 <= time.monotonic() - start < ENGINES_GRACE


def test_removing_takes_the_anonymous_volumes_along_only_when_told(
    project: Project, local: Engine
) -> None:
    project.service(volumes=["/data"], labels={"room": project.name})
    for volumes, left in ((False, 1), (True, 0)):
        (one,) = running(local)
        volume = docker("inspect", "--format", "{{(index .Mounts 0).Name}}", one)
        local.stop([one], 0)
        local.remove([one], volumes=volumes)
        found = docker("volume", "ls", "--quiet", "--filter", f"name={volume}").split()
        assert len(found) == left
        if found:
            docker("volume", "rm", *found)


def test_names_are_the_engines_and_a_renamed_container_keeps_its_number(local: Engine) -> None:
    (one,) = running(local)
    local.rename(one, f"{local.project}-other")
    assert f"{local.project}-other" in local.names()
    (replica,) = local.replicas()
    assert (replica.name, replica.number) == (f"{local.project}-other", 1)
    with pytest.raises(EngineError, match="already in use"):
        local.rename(running(local, 2)[1], f"{local.project}-other")


@pytest.mark.parametrize("tty", [False, True])
def test_the_last_log_lines_come_out_plain(project: Project, local: Engine, *, tty: bool) -> None:
    project.service(command=["sh", "-c", "echo a; echo b; echo c >&2"], tty=tty)
    with local.events(["die"]) as events:
        (one,) = running(local)
        assert events.next(10)
    assert sorted(line.strip() for line in local.logs(one, 9)) == ["a", "b", "c"]
    assert len(local.logs(one, 2)) == 2


@pytest.mark.parametrize("tty", [False, True])
def test_the_log_is_read_on_by_the_engines_own_stamps(
    project: Project, local: Engine, *, tty: bool
) -> None:
    project.service(command=["sh", "-c", "echo a; echo b; echo c >&2; sleep 600"], tty=tty)
    (one,) = running(local)
    state.await_state("three lines", lambda: len(local.logs(one, 9)) == 3, 20.0)
    first = local.stamped_log(one, LogStream.STDOUT, 9)
    assert [line for _, line in first if line != "c"] == ["a", "b"]
    assert sorted(first) == list(first)
    assert local.stamped_log(one, LogStream.STDOUT, 9, first[1][0]) == first[1:]
    assert len(local.stamped_log(one, LogStream.STDOUT, 1)) <= 1
    assert local.stamped_log(one, LogStream.STDERR, 9)[-1][1] == "c"


def test_a_network_of_this_machine_is_local(local: Engine) -> None:
    (one,) = running(local)
    replica = local.find(one)
    assert replica is not None
    assert local.is_local_network(replica.networks[0].network_id)


# inside containers


def test_a_command_gives_its_exit_code_and_both_streams_apart(engine: Engine) -> None:
    (one,) = running(engine)
    said = engine.execute(one, ["sh", "-c", 'echo "$0"; echo no >&2; exit 3', "a b"])
    assert said == Output(3, "a b\n", "no\n")


def test_a_command_runs_as_the_user_that_was_asked_for(local: Engine) -> None:
    (one,) = running(local)
    assert local.execute(one, ["id", "-un"], user="www-data").stdout == "www-data\n"


def test_a_program_that_is_missing_ends_with_127_as_in_a_shell(local: Engine) -> None:
    (one,) = running(local)
    said = local.execute(one, ["no-such-program"])
    assert said.exit_code == 127
    assert "executable file not found" in "".join(said.lines)


def test_a_command_that_takes_too_long_ends_with_124_in_time(engine: Engine) -> None:
    (one,) = running(engine)
    start = time.monotonic()
    said = engine.execute(one, ["sh", "-c", "echo first; sleep 60"], timeout=3.0)
    assert time.monotonic() - start < 30
    assert (said.exit_code, said.stdout) == (124, "first\n")


def test_a_command_in_a_stopped_container_is_refused(local: Engine) -> None:
    local.create({"app": 1})
    with pytest.raises(EngineError, match="is not running"):
        local.execute(local.replicas()[0].id, ["true"])


def test_processes_carry_the_pids_of_the_engines_host(local: Engine) -> None:
    (one,) = running(local)
    main = int(docker("inspect", "--format", "{{.State.Pid}}", one))
    state.await_state("the shell and its child", lambda: len(local.processes(one)) > 1, 5.0)
    top = {process.pid: process for process in local.processes(one)}
    assert top[main].args.startswith("sh -c trap")
    assert any(process.ppid == main for process in top.values())


def test_a_written_file_keeps_the_mode_and_owner_of_the_one_before(engine: Engine) -> None:
    (one,) = running(engine)
    made = "echo old > /srv/f; chmod 640 /srv/f; chown 33:33 /srv/f; ln -s f /srv/link"
    engine.execute(one, ["sh", "-c", made])
    for path in ("/srv/f", "/srv/link"):
        engine.write_file(one, path, path.encode())
        assert engine.read_file(one, path) == path.encode()
    engine.write_file(one, "/srv/new", b"")
    stat = engine.execute(one, ["stat", "-c", "%n %F %a %u", "/srv/f", "/srv/link", "/srv/new"])
    assert stat.lines == (
        "/srv/f regular file 640 33",
        "/srv/link symbolic link 777 0",
        "/srv/new regular empty file 644 0",
    )


def test_a_missing_file_is_none_and_a_missing_directory_is_refused(local: Engine) -> None:
    (one,) = running(local)
    assert local.read_file(one, "/srv/nothing") is None
    with pytest.raises(EngineError):
        local.write_file(one, "/no/such/directory/f", b"")
    with pytest.raises(EngineError, match="is not a file"):
        local.read_file(one, "/etc")


def test_files_need_no_program_in_the_image_and_no_running_container(
    project: Project, local: Engine
) -> None:
    layers = ("FROM scratch", "COPY --from=full /etc/hostname /conf/f")
    empty = project.image("empty", *layers)
    project.service(image=empty, command=["/nothing"])
    local.create({"app": 1})
    (replica,) = local.replicas()
    local.write_file(replica.id, "/conf/f", b"from outside")
    assert local.read_file(replica.id, "/conf/f") == b"from outside"


def test_a_dialled_command_carries_bytes_both_ways(engine: Engine) -> None:
    (one,) = running(engine)
    pipe = engine.dial(one, ["cat"])
    data, received = bytes(range(256)) * 4096, b""
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(pipe.sendall, data)
        while len(received) < len(data) and (piece := pipe.recv(65536)):
            received += piece
        sending.result()
    pipe.close()
    assert received == data


def test_closing_a_dialled_command_ends_a_read_that_waits(engine: Engine) -> None:
    (one,) = running(engine)
    pipe = engine.dial(one, ["cat"])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pipe.recv, 1)
        pipe.close()
        assert waiting.result(5) == b""


def test_a_dialled_command_that_stays_silent_times_out(local: Engine) -> None:
    (one,) = running(local)
    pipe = local.dial(one, ["cat"])
    pipe.settimeout(0.1)
    with pytest.raises(TimeoutError):
        pipe.recv(1)
    pipe.close()


# events


def test_events_are_the_projects_own_and_only_those_asked_for(engine: Engine) -> None:
    with engine.events(["start", "die"]) as events:
        docker("run", "--rm", "--label", f"{PROJECT_LABEL}={engine.project}x", BASE, "true")
        (one,) = running(engine)  # and a creation, and a signal, which nobody asked for
        engine.stop([one], 5)
        seen = [events.next(5), events.next(5)]
        assert events.next(0.2) is None
    assert [(e.action, e.id, e.service) for e in seen if e] == [
        ("start", one, "app"),
        ("die", one, "app"),
    ]


# compose


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
    assert local.outdated({"app": 2}) == dict.fromkeys(names, "Running")
    project.service(environment={"V": "2"})
    assert local.outdated({"app": 2}) == dict.fromkeys(names, "Recreate")


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


def test_asking_about_a_changed_network_tells_it_and_leaves_its_containers_running(
    project: Project, local: Engine
) -> None:
    (one,) = running(local)
    started = docker("inspect", "--format", "{{.State.StartedAt}}", one)
    mtu = {"com.docker.network.driver.mtu": "1400"}
    project.write(networks={"default": {"driver_opts": mtu}})
    told = local.preflight({"app": 2})
    dangers = {
        f"Container {local.project}-app-1 Stopping",
        f"Network {local.project}_default Removed",
    }
    assert dangers <= set(told), told
    (replica,) = local.replicas()
    assert (replica.id, replica.running) == (one, True)
    assert docker("inspect", "--format", "{{.State.StartedAt}}", one) == started


def test_create_never_agrees_to_delete_a_changed_volume(project: Project, local: Engine) -> None:
    project.service(volumes=["data:/data"])
    project.write(volumes={"data": {}})
    (one,) = running(local)
    local.execute(one, ["sh", "-c", "echo precious > /data/f"])
    project.write(volumes={"data": {"labels": {"changed": "yes"}}})
    (told,) = local.preflight({"app": 2})
    assert told.startswith("Volume ")
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
    project.service(image=project.image("code", content.format(1)))
    (old,) = running(local)
    project.image("code", content.format(2))
    local.recreate("app", 1)
    (replica,) = local.replicas()
    assert replica.id != old
    assert local.execute(replica.id, ["cat", "/code/version"]).stdout == "2\n"


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
    assert not processes_about(f"--project-name {local.project}")
    assert len(local.replicas()) == count


# images and registries


def pushed(project: Project, version: str) -> str:
    """A reference at the bed's registry that names a fresh image; the image is not here."""
    reference = f"{registry.ADDRESS}/{project.name}:staging"
    docker("tag", project.image(version, f"LABEL version={version}"), reference)
    docker("push", "--quiet", reference)
    docker("rmi", reference)
    return reference


def test_a_pull_moves_the_tag_and_tells_its_progress(project: Project, local: Engine) -> None:
    reference = pushed(project, "1")
    project.service(image=reference)
    lines: list[PullLine] = []
    local.pull(["app"], lines.append)
    first = local.image(reference)
    assert first is not None
    assert any("Pulled" in line.state for line in lines)
    assert first.digests == (f"{reference.rsplit(':', 1)[0]}@{local.registry_digest(reference)}",)
    pushed(project, "2")
    assert not any(local.registry_digest(reference) in digest for digest in first.digests)
    local.pull(["app"], lines.append)
    assert local.image_id(reference) not in (None, first.id)


def test_a_tag_that_was_never_pushed_is_refused(project: Project, local: Engine) -> None:
    reference = f"{registry.ADDRESS}/{project.name}:nope"
    project.service(image=reference)
    with pytest.raises(Refused, match="manifest unknown"):
        local.pull(["app"], lambda _: None)
    with pytest.raises(Refused, match="manifest unknown"):
        local.registry_digest(reference)


def test_a_registry_that_is_down_is_named_as_unreachable(project: Project, local: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    project.service(image=f"{host}/app:1")
    for ask in (
        lambda: local.pull(["app"], lambda _: None),
        lambda: local.registry_digest(f"{host}/app:1"),
    ):
        with pytest.raises(EngineUnreachable, match=re.escape(f"registry {host} does not")):
            ask()


def test_an_interrupted_pull_leaves_no_process_behind(project: Project, local: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        project.service(image=f"127.0.0.1:{silent.getsockname()[1]}/app:1")
        with pytest.raises(Alarm), alarm_after(0.5):
            local.pull(["app"], lambda _: None)
    assert not processes_about(f"--project-name {project.name}")


def test_a_tag_can_be_given_and_taken(project: Project, local: Engine) -> None:
    reference = project.image("1", "LABEL v=1")
    local.tag(reference, f"{project.name}:previous")
    assert local.image_id(f"{project.name}:previous") == local.image_id(reference)
    local.untag(f"{project.name}:previous")
    local.untag(f"{project.name}:previous")
    assert local.image_id(f"{project.name}:previous") is None
    assert local.image_id(reference)


# the connection itself


def test_over_the_socket_reading_needs_no_docker_program(
    local: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (one,) = running(local)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert local.replicas()
    assert local.execute(one, ["true"]).exit_code == 0
    assert local.processes(one)
    assert local.read_file(one, "/etc/hostname")
    with local.events() as events:
        local.stop([one], 0)
        assert events.next(5)


def test_through_docker_four_processes_serve_any_number_of_threads(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    (one,) = running(engine)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: engine.find(one), range(100)))
    assert {replica.id for replica in found if replica} == {one}
    most = 0 if request.node.callspec.params["engine"] == "socket" else 4
    own = processes_about("system dial-stdio", parent=os.getpid())
    assert min(most, 1) <= len(own) <= most, own


def test_after_an_interrupted_call_the_engine_answers_as_before(
    project: Project, engine: Engine
) -> None:
    project.service(command=DEAF)
    (one,) = running(engine)
    with pytest.raises(Alarm), alarm_after(0.3):
        engine.stop([one], 3)
    replica = engine.find(one)
    assert replica is not None
    assert replica.id == one


def test_an_engine_that_is_not_there_is_unreachable_with_advice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/no-such-engine.sock")
    nowhere = Engine(project.flags, project.name)
    for ask in (
        nowhere.replicas,
        nowhere.events,
        lambda: nowhere.outdated({"app": 1}),
        lambda: nowhere.create({"app": 1}),
    ):
        with pytest.raises(EngineUnreachable) as caught:
            ask()
        assert "docker info" in (caught.value.help or "")
    monkeypatch.undo()


def test_locks_are_taken_while_somebody_removes_the_image_they_are_made_of(
    project: Project, local: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker image prune --all` at every moment, as seen from a rollout."""
    image = f"{project.name}:empty"  # other tests go on using the common one
    monkeypatch.setattr(empty, "EMPTY_IMAGE", image)
    done, removed = threading.Event(), 0

    def prune() -> None:
        nonlocal removed
        while not done.is_set():
            with suppress(subprocess.CalledProcessError):  # in use, or gone already
                docker("image", "rm", image)
                removed += 1

    with ThreadPoolExecutor() as pool:
        pruning = pool.submit(prune)
        try:
            for _ in range(40):
                taken = local.locks.claim(project.name, project.name, "{}")
                assert taken is not None
                local.locks.release(taken)
        finally:
            done.set()
            pruning.result()
            with suppress(subprocess.CalledProcessError):  # gone already
                docker("image", "rm", image)
    assert removed > 0


def test_what_running_containers_use_and_their_host_has_left_is_known_at_once(
    engine: Engine,
) -> None:
    here, ended = running(engine, 2)
    engine.stop([ended], 0)
    began = time.monotonic()
    used = engine.memory_used_by([here, ended])
    left = engine.memory_left()
    took = time.monotonic() - began
    assert set(used) == {here}
    assert 0 < used[here] < left
    began = time.monotonic()
    docker("stats", "--no-stream", here)  # waits for a second look at the processor's time
    assert took < time.monotonic() - began
