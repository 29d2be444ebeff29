"""Which ports a container's own processes listen on, where several share a network namespace."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from composeroll.nginx.processes.sockets import LISTEN

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LOCAL, _STATE, _INODE = 1, 3, 9


def listening(text: str) -> frozenset[int] | None:
    """The ports, from what `sockets_of.sh` prints; None where it could not see any socket.

    A socket is known by its inode on both sides: behind a descriptor, and in the kernel's table.
    """
    held = set(_SOCKET.findall(text))
    rows = [row for line in text.splitlines() if len(row := line.split()) > _INODE]
    heard = [row for row in rows if row[_STATE] == LISTEN]
    if not (held and heard):
        return None
    return frozenset(_port(row[_LOCAL]) for row in heard if row[_INODE] in held)


@cache
def sockets_script() -> str:
    """The shell script that prints it."""
    return Path(__file__).with_name("sockets_of.sh").read_text(encoding="utf-8")


def _port(local: str) -> int:
    return int(local.rpartition(":")[2], 16)
