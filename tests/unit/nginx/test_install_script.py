"""The script that writes includes, run as it is under the shells that gateways have."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from composeroll.nginx.install import UNWRITABLE, Texts, install_argv

KNOWN = (["dash"], ["busybox", "sh"], ["bash", "--posix"])
SHELLS = [shell for shell in KNOWN if shutil.which(shell[0])]
"""Those that are here; the end-to-end tests have a gateway image for busybox."""

TEXT = "upstream b { server 10.0.0.5:9000; }  # 'quoted' \"$HOME\" `id` \\n %s\n\n"


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    chosen: list[str] = request.param
    return chosen


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "upstreams" / "backend.conf"
    target.parent.mkdir()
    target.write_text("previous\n")
    return target


def run(shell: list[str], texts: Texts, *command: str) -> subprocess.CompletedProcess[str]:
    _, *rest = install_argv(texts, command)
    return subprocess.run([*shell, *rest], capture_output=True, text=True, check=False)


def test_the_text_arrives_to_the_last_byte_and_nothing_else_does(
    shell: list[str], target: Path
) -> None:
    assert run(shell, {str(target): TEXT}).returncode == 0
    assert target.read_text() == TEXT
    assert list(target.parent.iterdir()) == [target]


def test_the_command_is_run_after_the_write_and_its_end_is_the_end(
    shell: list[str], target: Path
) -> None:
    ended = run(shell, {str(target): "new"}, "sh", "-c", 'cat "$0"; exit 3', str(target))
    assert (ended.returncode, ended.stdout) == (3, "new")


def test_several_files_are_written_and_taken_away_at_once(shell: list[str], target: Path) -> None:
    other = target.with_name("new.conf")
    assert run(shell, {str(target): None, str(other): "a"}).returncode == 0
    assert list(target.parent.iterdir()) == [other]


def test_owner_and_mode_stay_and_a_new_file_can_be_read_by_all(
    shell: list[str], target: Path
) -> None:
    target.chmod(0o640)
    new = target.with_name("new.conf")
    run(shell, {str(target): TEXT, str(new): TEXT})
    assert [path.stat().st_mode & 0o777 for path in (target, new)] == [0o640, 0o644]


def test_a_readers_open_file_is_never_half_written(shell: list[str], target: Path) -> None:
    with target.open() as reader:
        run(shell, {str(target): TEXT})
        assert reader.read() == "previous\n"


def test_a_link_stays_a_link_and_its_file_is_written(shell: list[str], target: Path) -> None:
    link = target.parent.parent / "enabled.conf"
    link.symlink_to(target)
    run(shell, {str(link): TEXT})
    assert link.is_symlink()
    assert target.read_text() == TEXT


def test_what_a_killed_run_left_is_cleared(shell: list[str], target: Path) -> None:
    target.with_name(".backend.conf.composeroll").write_text("half")
    run(shell, {str(target): TEXT})
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("path", ["missing/backend.conf", "upstreams"])
def test_what_cannot_be_written_says_so_and_the_command_is_not_run(
    shell: list[str], target: Path, path: str
) -> None:
    ended = run(shell, {str(target.parent.parent / path): TEXT}, "echo", "ran")
    assert (ended.returncode, ended.stdout) == (UNWRITABLE, "")
    assert ended.stderr
    assert [p.name for p in target.parent.iterdir()] == ["backend.conf"]


def test_a_file_that_cannot_be_replaced_is_written_in_place(
    shell: list[str], target: Path, tmp_path: Path
) -> None:
    failing = tmp_path / "bin" / "mv"
    failing.parent.mkdir()
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    inode = target.stat().st_ino
    ended = subprocess.run(
        [*shell, *install_argv({str(target): TEXT})[1:]],
        env={"PATH": f"{failing.parent}:{os.environ['PATH']}"},
        check=False,
    )
    if shell[0] != "busybox":
        assert target.stat().st_ino == inode
    assert (ended.returncode, target.read_text()) == (0, TEXT)
    assert list(target.parent.iterdir()) == [target]
