"""The ports that a container's own processes listen on, in a namespace shared with others."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from composeroll.nginx.processes.sockets import LISTEN

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LOCAL, _STATE, _INODE = 1, 3, 9


def listening(text: str) -> frozenset[int] | None:
    """Return the ports in the output of `sockets_of.sh`, None if the sockets could not be read.

    A socket has the same inode in a process's descriptors and in the kernel's table.
    """
    held = set(_SOCKET.findall(text))
    rows = [row for line in text.splitlines() if len(row := line.split()) > _INODE]
    heard = [row for row in rows if row[_STATE] == LISTEN]
    if not (held and heard):
        return None
    return frozenset(_port(row[_LOCAL]) for row in heard if row[_INODE] in held)


@cache
def sockets_script() -> str:
    """Return the text of `sockets_of.sh`."""
    return Path(__file__).with_name("sockets_of.sh").read_text(encoding="utf-8")


def _port(local: str) -> int:
    return int(local.rpartition(":")[2], 16)
