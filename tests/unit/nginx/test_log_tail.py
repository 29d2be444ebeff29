"""A log is read on from where it ended, whoever rotates it; the script is run as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from composeroll.errors import GatewayError
from composeroll.model import LogStream, Output
from composeroll.nginx.access_log import tail as log_tail
from composeroll.nginx.access_log.tail import FileTail, OutputTail, tail_of
from tests.unit.nginx.fake import FakeNginx, VirtualClock

KNOWN = (["dash"], ["busybox", "sh"], ["bash", "--posix"])
SHELLS = [shell for shell in KNOWN if shutil.which(shell[0])]


@dataclass
class Shell(FakeNginx):
    """A container that is this machine: the script runs under one of its shells."""

    shell: Sequence[str] = ("sh",)

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run it here, if the user may."""
        assert container
        if user not in self.writable_by:
            return Output(1, "", "Permission denied")
        done = subprocess.run(
            [*self.shell, *argv[1:]], capture_output=True, timeout=timeout, check=False
        )
        return Output(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def door(request: pytest.FixtureRequest) -> Shell:
    return Shell(VirtualClock(), {}, shell=request.param)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "access.log"
    log.write_text("old 1\nold 2\n")
    return log


def write(log: Path, text: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def tail(door: Shell, log: Path) -> FileTail:
    """The tail of a file whose last lines have been read."""
    made = FileTail(door, "gateway", str(log))
    assert made.read() == ["old 1", "old 2"]
    return made


def test_each_line_is_read_once(door: Shell, log: Path) -> None:
    followed = tail(door, log)
    assert followed.read() == []
    write(log, "a\nb é\n")
    assert followed.read() == ["a", "b é"]
    assert followed.read() == []


def test_a_line_that_is_still_being_written_is_read_when_it_ends(door: Shell, log: Path) -> None:
    followed = tail(door, log)
    write(log, "a\nbeg")
    assert followed.read() == ["a"]
    write(log, "un\nc\n")
    assert followed.read() == ["begun", "c"]


def test_a_log_that_was_rotated_is_read_from_its_beginning(door: Shell, log: Path) -> None:
    followed = tail(door, log)
    log.rename(log.with_name("access.log.1"))
    log.write_text("a longer line than both of the old ones\n")
    assert followed.read() == ["a longer line than both of the old ones"]


def test_a_log_that_was_cut_is_read_from_its_beginning(door: Shell, log: Path) -> None:
    followed = tail(door, log)
    with log.open("r+", encoding="utf-8") as file:
        file.truncate()
        file.write("a\n")
    assert followed.read() == ["a"]


def test_of_too_much_the_newest_whole_lines_are_read(
    door: Shell, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = tail(door, log)
    monkeypatch.setattr(log_tail, "MAX_BYTES", 12)
    write(log, "first\nsecond\nthird\n")
    assert followed.read() == ["third"]
    write(log, "more\n")
    assert followed.read() == ["more"]


def test_a_path_is_never_read_as_shell(door: Shell, tmp_path: Path) -> None:
    odd = tmp_path / "$(touch pwned) 'x'.log"
    odd.write_text("old 1\nold 2\n")
    assert tail(door, odd).read() == []
    assert list(tmp_path.iterdir()) == [odd]


def test_a_log_that_only_root_may_read_is_read_as_root(door: Shell, log: Path) -> None:
    door.writable_by = ("0",)
    tail(door, log)


def test_a_log_that_is_not_there_cannot_be_read(door: Shell, tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="cannot be read"):
        FileTail(door, "gateway", str(tmp_path / "none.log")).read()


@pytest.mark.parametrize("output", ["/dev/stdout", "/proc/self/fd/2", "/proc/1/fd/1"])
def test_a_file_that_is_a_link_to_the_output_is_read_from_the_engine(
    door: Shell, tmp_path: Path, output: str
) -> None:
    link = tmp_path / "access.log"
    link.symlink_to(output)
    assert isinstance(tail_of(door, "gateway", str(link)), OutputTail)
    assert isinstance(tail_of(door, "gateway", output), OutputTail)


def test_a_log_that_is_no_file_cannot_be_read(door: Shell, tmp_path: Path) -> None:
    pipe = tmp_path / "access.log"
    os.mkfifo(pipe)
    with pytest.raises(GatewayError, match="cannot be read") as refused:
        tail_of(door, "gateway", str(pipe))
    assert refused.value.evidence == (f"{pipe} is no file that can be read on",)


def test_without_a_shell_the_output_can_be_read_and_a_file_cannot() -> None:
    bare = FakeNginx(VirtualClock(), {}, has_shell=False)
    assert isinstance(tail_of(bare, "gateway", "/dev/stdout"), OutputTail)
    with pytest.raises(GatewayError):
        tail_of(bare, "gateway", "/var/log/nginx/access.log")


def test_the_output_is_read_on_by_the_engines_stamps() -> None:
    nginx = FakeNginx(VirtualClock(), {})
    followed = OutputTail(nginx, "gateway", LogStream.STDOUT)
    nginx.output = [("1", "a"), ("2", "b")]
    assert followed.read() == ["a", "b"]
    assert followed.read() == []
    nginx.output += [("3", "c")]
    assert followed.read() == ["c"]


def test_an_output_that_was_empty_is_read_from_its_first_line() -> None:
    nginx = FakeNginx(VirtualClock(), {})
    followed = OutputTail(nginx, "gateway", LogStream.STDOUT)
    assert followed.read() == []
    nginx.output = [("1", "a")]
    assert followed.read() == ["a"]
