"""Commands, processes and files in containers on a real engine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from composeroll.engine.engine import Engine
from composeroll.errors import EngineError
from composeroll.model import Output
from tests.bed import state
from tests.e2e.engine_projects import Project, docker, running, until_they_sleep

pytestmark = pytest.mark.e2e


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
    said = engine.execute(one, ["sh", "-c", "echo first; sleep 60"], timeout=6.0)
    assert time.monotonic() - start < 30
    assert (said.exit_code, said.stdout) == (124, "first\n")


def test_a_prepared_command_begins_at_its_word(engine: Engine) -> None:
    (one,) = running(engine)
    waiting = engine.prepare(one, ["sh", "-c", 'echo "$0"; date +%s%N', "a  b"])
    before = float(engine.execute(one, ["date", "+%s%N"]).stdout)
    waiting.go()
    said = waiting.outcome(30)
    assert said.exit_code == 0
    assert said.lines[0] == "a  b"
    assert float(said.lines[1]) > before


def test_a_prepared_command_that_is_let_go_never_begins_and_leaves_nothing(engine: Engine) -> None:
    (one,) = running(engine)
    waiting = engine.prepare(one, ["touch", "/begun"])
    state.await_state("The shell that waits", lambda: waits_in(engine, one), 30)
    waiting.close()
    state.await_state("Its end", lambda: not waits_in(engine, one), 30)
    assert engine.execute(one, ["ls", "/begun"]).exit_code != 0


def waits_in(engine: Engine, container: str) -> bool:
    """Whether a shell waits there for its word."""
    return any("read -r word" in process.args for process in engine.processes(container))


def test_a_command_in_a_stopped_container_is_refused(local: Engine) -> None:
    local.create({"app": 1})
    with pytest.raises(EngineError, match="is not running"):
        local.execute(local.replicas()[0].id, ["true"])


def test_processes_carry_the_pids_of_the_engines_host(local: Engine) -> None:
    (one,) = running(local)
    main = int(docker("inspect", "--format", "{{.State.Pid}}", one))
    until_they_sleep([one])
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
        assert waiting.result(30) == b""


def test_a_dialled_command_that_stays_silent_times_out(local: Engine) -> None:
    (one,) = running(local)
    pipe = local.dial(one, ["cat"])
    pipe.settimeout(0.1)
    with pytest.raises(TimeoutError):
        pipe.recv(1)
    pipe.close()
