"""Who holds a lock, and whether that process still lives."""

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
"""States of processes that no longer run (proc(5))."""
CI_JOBS = ("CI_JOB_URL", "GITHUB_RUN_ID", "BUILD_URL")
"""The variables in which GitLab, GitHub and Jenkins name the running job."""


class Holder(Struct, frozen=True):
    """One run of composeroll.

    Attributes:
        host: the machine's name, for display only.
        boot: identifies this boot of this machine and this pid namespace.
        born: when the process started, in the kernel's ticks: pids are reused.
        job: the CI job; empty outside CI.
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
        """Return the text that is stored in a lock."""
        return json.dumps(asdict(self))

    def lives(self, me: Holder) -> bool | None:
        """Return whether this process lives; None if `me` cannot tell.

        That is so for another machine, and here if /proc hides other users' processes.
        """
        if not self.boot or self.boot != me.boot:
            return None
        if self.born == birth(self.pid):
            return True
        return None if _is_hidden(self.pid) else False


def this_process() -> Holder:
    """Return the holder for the running process."""
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
    """The user's name, or its uid: a user given to a container by `--user` may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return f"uid {os.getuid()}"


def read_holder(text: str) -> Holder | None:
    """Parse the holder stored in a lock; None if another version wrote another format."""
    try:
        return convert(json.loads(text), Holder)
    except (ValueError, ValidationError):
        return None


def birth(pid: int) -> str:
    """Return the start time of a process, field 22 of its `stat` (proc(5)).

    Empty if the process is gone or hidden. A zombie counts as gone.
    """
    if not (stat := _stat(pid)):
        return ""
    # the second field is a name in brackets that may itself contain spaces and brackets
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in ENDED else rest[18]


def _is_hidden(pid: int) -> bool:
    """Whether the process exists but is hidden: `hidepid` of proc(5), systemd's ProtectProc."""
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
