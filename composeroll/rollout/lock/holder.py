"""Who holds a lock, and whether they are still there."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import socket
import sys
from pathlib import Path

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict

PROC = Path("/proc")
ENDED = ("Z", "X")
"""States of processes that run no more."""
CI_JOBS = ("CI_JOB_URL", "GITHUB_RUN_ID", "BUILD_URL")
"""Where GitLab, GitHub and Jenkins say which job runs."""


class Holder(Struct, frozen=True):
    """One run of composeroll.

    Attributes:
        host: the machine's name, for people.
        boot: what tells this boot of this machine, and this pid namespace, from any other.
        born: when the process started, in the kernel's ticks: a pid is used again, this is not.
        job: the CI job, empty outside one.
    """

    who: str
    host: str
    boot: str
    pid: int
    born: str
    command: str
    job: str = ""

    def __str__(self) -> str:
        job = f", job {self.job}" if self.job else ""
        return f"{self.who}@{self.host} (pid {self.pid}{job})"

    def to_json(self) -> str:
        """As it stands in a lock."""
        return json.dumps(asdict(self))

    def lives(self, me: Holder) -> bool | None:
        """Whether this process is there; None where `me` cannot tell, on another machine or here.

        Here that is where /proc hides what belongs to other users.
        """
        if not self.boot or self.boot != me.boot:
            return None
        if self.born == birth(self.pid):
            return True
        return None if _is_hidden(self.pid) else False


def this_process() -> Holder:
    """The run that asks."""
    return Holder(
        who=_user(),
        host=socket.gethostname(),
        boot=_boot(),
        pid=os.getpid(),
        born=birth(os.getpid()),
        command=shlex.join(["composeroll", *sys.argv[1:]]),
        job=next((os.environ[name] for name in CI_JOBS if os.environ.get(name)), ""),
    )


def _user() -> str:
    """A name; a user that only a container's or a CI's `--user` made up has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return f"uid {os.getuid()}"


def read_holder(text: str) -> Holder | None:
    """A holder out of a lock; None if a later version wrote it otherwise."""
    try:
        return convert(json.loads(text), Holder)
    except (ValueError, ValidationError):
        return None


def birth(pid: int) -> str:
    """The start time of a process, field 22 of its `stat` (proc(5)); empty if it is gone or hidden.

    One that has ended is gone, even while nobody has asked how (a zombie).
    """
    if not (stat := _stat(pid)):
        return ""
    # the second field is a name in brackets that may itself hold blanks and brackets
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in ENDED else rest[18]


def _is_hidden(pid: int) -> bool:
    """Whether it exists and may not be looked at: `hidepid` of proc(5), systemd's ProtectProc."""
    if _stat(pid):
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _stat(pid: int) -> str:
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _boot() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""
