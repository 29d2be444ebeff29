"""Programs that can connect to a replica from inside the gateway, and the search for one."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from composeroll.errors import EngineError, Refused
from composeroll.model import Output
from composeroll.readiness.direct import CONNECT_LIMIT
from composeroll.readiness.door import ContainerDoor

Argv = tuple[str, ...]

_SECONDS = str(int(CONNECT_LIMIT))

_BASH_CARRY = """
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit
cat <&4 >&3 & cat <&3 & wait -n
kill $(jobs -p) 2>/dev/null
"""
"""Copies bytes both ways until either side ends. `wait -n` needs bash 4.3."""

_BASH_TRIAL = "((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 403)) && command -v cat"

_PYTHON_TOUCH = """
import socket, sys
peer = socket.create_connection((sys.argv[1], sys.argv[2]), float(sys.argv[3]))
"""

_PYTHON_CARRY = (
    _PYTHON_TOUCH
    + """
import os, select
peer.settimeout(None)
while True:
    for ready in select.select([0, peer], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else peer.recv(65536)
        if not data:
            sys.exit()
        if ready == 0:
            peer.sendall(data)
        else:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
"""
)


class Relay(Struct, frozen=True):
    """A program that can connect from inside the gateway.

    It takes two commands, since an open pipe does not show whether the server has accepted: `nc`
    prints nothing until the first byte. `touch` reports that by its exit code.

    Attributes:
        name: its name in messages.
        carry: argv of a two-way pipe to a host and port.
        touch: argv that exits with 0 exactly if host and port accept a connection.
    """

    name: str
    carry: Callable[[str, str], Argv]
    touch: Callable[[str, str], Argv]


BASH = Relay(
    "bash",
    lambda host, port: ("bash", "-c", _BASH_CARRY, "bash", host, port),
    lambda host, port: ("bash", "-c", 'exec 3<>"/dev/tcp/$1/$2"', "bash", host, port),
)
PYTHON = Relay(
    "python3",
    lambda host, port: ("python3", "-c", _PYTHON_CARRY, host, port, _SECONDS),
    lambda host, port: ("python3", "-c", _PYTHON_TOUCH, host, port, _SECONDS),
)
SOCAT = Relay(
    "socat",
    lambda host, port: ("socat", "-", _socat(host, port)),
    lambda host, port: ("socat", "-u", "OPEN:/dev/null", _socat(host, port)),
)


def netcat(program: Argv, output: Output) -> Relay | None:
    """Return the relay for a netcat, chosen by the options that its help lists; None without them.

    With `-z` OpenBSD's, nmap's and the larger busybox netcat connect and disconnect; with `-e` the
    smaller busybox netcat runs a program once it is connected. Without either, a netcat cannot
    report whether the server accepted.

    When composeroll disconnects from a server that sends nothing, netcat only half-closes: its
    process stays in the gateway until the replica answers or is stopped.
    """
    before: Argv
    after: Argv
    options = {word for line in output.lines for word in line.split()}
    limited = (*program, "-w", _SECONDS)
    if "-z" in options:
        before, after = (*limited, "-z"), ()
    elif "-e" in options:
        before, after = limited, ("-e", "true")
    else:
        return None
    # No -w here: OpenBSD's netcat would also give up on an answer that takes longer.
    return Relay(
        " ".join(program),
        lambda host, port: (*program, host, port),
        lambda host, port: (*before, host, port, *after),
    )


_CANDIDATES: tuple[tuple[Argv, Callable[[Output], Relay | None]], ...] = (
    (("bash", "-c", _BASH_TRIAL), lambda output: None if output.exit_code else BASH),
    (("nc", "-h"), lambda output: netcat(("nc",), output)),
    (("busybox", "nc", "-h"), lambda output: netcat(("busybox", "nc"), output)),
    (("socat", "-V"), lambda output: None if output.exit_code else SOCAT),
    (("python3", "-c", "import select"), lambda output: None if output.exit_code else PYTHON),
)
"""The commands to try, likeliest first, each with how to read its output. None needs a shell."""


def find_relay(door: ContainerDoor, gateway: str) -> Relay:
    """Return the first program in the gateway that can connect to a replica.

    Raises:
        Refused: there is none.
    """
    for trial, recognise in _CANDIDATES:
        output = _try(door, gateway, trial)
        if relay := recognise(output):
            return relay
    raise Refused(
        "nothing in the gateway's container can connect to a replica",
        help="add bash, nc, socat or python3 to its image, or give the service a HEALTHCHECK",
    )


def _socat(host: str, port: str) -> str:
    kind = f"TCP6:[{host}]" if ":" in host else f"TCP4:{host}"
    return f"{kind}:{port},connect-timeout={_SECONDS}"


def _try(door: ContainerDoor, gateway: str, trial: Argv) -> Output:
    # Some engines report a missing program as an exit code, others as an error.
    try:
        return door.execute(gateway, trial)
    except (EngineError, TimeoutError):
        return Output(exit_code=127)
