"""What workers that are shutting down still hold, from the output of `held.sh`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from composeroll.model import Held, host_of_address
from composeroll.nginx.configuration.pairing import Pairing
from composeroll.nginx.processes.sockets import ESTABLISHED, LISTEN, endpoint

DNS = "53"
_FD = re.compile(r"-> socket:\[(\d+)\]$")
_UNREADABLE = "unreadable"
_TCP = ("tcp", "tcp6")
_LOCAL, _REMOTE, _STATE, _INODE = 1, 2, 3, 9
_UNIX_INODE = 6


class Connection(Struct, frozen=True):
    """One TCP socket; `local` and `remote` are `host:port`."""

    local: str
    remote: str
    state: str
    inode: str


class SocketReading(Struct, frozen=True):
    """One reading of the sockets in a container.

    Attributes:
        workers: for each worker that is shutting down, the inodes of its sockets.
        connections: the TCP sockets that do not listen, by inode.
        ports: the ports of TCP sockets that listen.
        others: inodes of UDP and unix sockets.
    """

    workers: tuple[frozenset[str], ...]
    connections: Mapping[str, Connection]
    ports: frozenset[str]
    others: frozenset[str]


@cache
def script() -> str:
    """Return the text of `held.sh`."""
    return Path(__file__).with_name("held.sh").read_text(encoding="utf-8")


def parse_sockets(text: str) -> SocketReading | None:
    """Parse the script's output; return None if a worker's sockets or all tables are unreadable."""
    workers: list[set[str]] = []
    tables: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        match line.split():
            case ["worker", _]:
                workers.append(set())
            case ["table", name]:
                tables[name] = []
            case [word] if word == _UNREADABLE:
                return None
            case words if tables:
                tables[next(reversed(tables))].append(words)
            case _ if workers and (found := _FD.search(line)):
                workers[-1].add(found[1])
    if not any(tables.values()):
        return None
    tcp = [c for name in _TCP for c in _connections(tables.get(name, []))]
    return SocketReading(
        tuple(frozenset(sockets) for sockets in workers),
        {c.inode: c for c in tcp if c.state != LISTEN},
        frozenset(_port(c.local) for c in tcp if c.state == LISTEN),
        frozenset(_inodes(tables)),
    )


def held_by_workers(look: SocketReading, leaving: Collection[str], pairing: Pairing) -> Held:
    """Return what the workers hold.

    Args:
        look: the reading.
        leaving: bare addresses of the replicas that are drained.
        pairing: what connections prove with this configuration.
    """
    total = Held(workers=len(look.workers))
    hosts = frozenset(str(ip_address(address)) for address in leaving)
    for sockets in look.workers:
        total += _of_worker(look, sockets, hosts, pairing)
    return total


def _of_worker(
    look: SocketReading, sockets: Collection[str], leaving: Collection[str], pairing: Pairing
) -> Held:
    """Return what one worker holds; a running request has one client and one backend connection."""
    known = [look.connections[s] for s in sockets if s in look.connections]
    clients = [c for c in known if _port(c.local) in look.ports]
    backends = [c for c in known if _port(c.local) not in look.ports and _port(c.remote) != DNS]
    to_leaving = [c for c in backends if host_of_address(c.remote) in leaving]
    ending = [c for c in backends if host_of_address(c.remote) not in leaving and _ends(c, pairing)]
    unmatched = len(backends) - len(to_leaving) - len(ending)
    unmatched += sum(s not in look.connections and s not in look.others for s in sockets)
    return Held(
        leaving=frozenset(c.inode for c in to_leaving),
        elsewhere=frozenset(c.inode for c in ending),
        waiting=abs(len(clients) - len(to_leaving) - len(ending)) + unmatched,
        unknown=next(_reused(backends, leaving, pairing), ""),
    )


def _ends(connection: Connection, pairing: Pairing) -> bool:
    return connection.state == ESTABLISHED and int(_port(connection.remote)) in pairing.ending


def _reused(
    backends: Collection[Connection], leaving: Collection[str], pairing: Pairing
) -> Iterator[str]:
    """Yield why another request may come after all running requests have ended."""
    for connection in backends:
        place = pairing.reusing.get(int(_port(connection.remote)))
        if place and host_of_address(connection.remote) not in leaving:
            yield (
                f"a client of the location around {place} may reuse its connection:"
                " `keepalive_timeout 0;` there prevents it"
            )


def _connections(rows: list[list[str]]) -> Iterator[Connection]:
    for row in rows:
        if len(row) > _INODE and row[0].endswith(":"):
            yield Connection(
                endpoint(row[_LOCAL]), endpoint(row[_REMOTE]), row[_STATE], row[_INODE]
            )


def _inodes(tables: Mapping[str, list[list[str]]]) -> Iterator[str]:
    for name, rows in tables.items():
        column = _UNIX_INODE if name == "unix" else _INODE
        if name not in _TCP:
            yield from (row[column] for row in rows if len(row) > column)


def _port(address: str) -> str:
    return address.rpartition(":")[2]
