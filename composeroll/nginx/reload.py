"""Tell nginx to reload, and see whether it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Output
from composeroll.nginx.clock import Clock
from composeroll.nginx.door import ContainerDoor, Prepared
from composeroll.nginx.install import NOT_RUN
from composeroll.nginx.processes.workers import Workers

SOONEST_SECONDS = 0.1
"""Before the first look. The master tells old workers to quit 100 ms after it has made the new ones
(ngx_master_process_cycle), for which it reads its files first: about when `-s reload` returns."""

POLL_SECONDS = 0.02
"""Between two looks at the workers; one look costs the engine 10 to 30 ms."""

RELOAD_SECONDS = 10.0
"""Room for a busy machine."""

SLOWER = 3.0
"""A reload reads what a test reads, beside all that nginx does: so many times as long at most. With
thousands of certificates, or a slow name server, that is more than `RELOAD_SECONDS`."""


SENDING_SECONDS = 30.0
"""How long the command may take that tells the master: it reads the configuration first."""


def prepare_reload(door: ContainerDoor, container: str, command: Sequence[str]) -> Prepared | None:
    """Have `nginx -s reload` wait in the container; None where the engine refuses."""
    with suppress(EngineError):  # of which whatever is done there next can tell more
        return door.prepare(container, _reload(command))
    return None


def send_reload(
    door: ContainerDoor, container: str, command: Sequence[str], prepared: Prepared | None = None
) -> None:
    """`nginx -s reload`; where that fails, as without a pid file, SIGHUP straight to the master.

    Never by the engine's own kill: it takes a container that got any signal from it for one that
    was stopped by hand, and does not start it again when it dies (Engine 28, `unless-stopped`).

    Args:
        door: leads into the container.
        container: its full ID.
        command: the master's own argv.
        prepared: such a command that waits there already.

    Raises:
        GatewayError: neither reached the master.
    """
    output = _told_by(prepared) if prepared else None
    if output is None or output.exit_code in NOT_RUN:
        output = door.execute(container, _reload(command))
    if output.exit_code == 0:
        return
    hangup = door.execute(container, ("sh", "-c", _hangup(), "composeroll"))
    if hangup.exit_code != 0:
        raise GatewayError("nginx could not be reloaded", evidence=output.lines)


def await_replaced(
    look: Callable[[], Workers], before: frozenset[int], clock: Clock, tested: float
) -> bool:
    """Whether, in due time, new workers serve and no old one takes requests.

    nginx gives no sign of it: a configuration that the master rejects leaves everything as it was.

    Args:
        look: looks at the workers of now.
        before: those of before the reload.
        clock: tells the time.
        tested: seconds that the last test of its files took.
    """
    deadline = clock.now() + RELOAD_SECONDS + SLOWER * tested
    clock.wait(SOONEST_SECONDS)
    while not look().replaced(before):
        if clock.now() >= deadline:
            return False
        clock.wait(POLL_SECONDS)
    return True


def not_taken(name: str, log: tuple[str, ...]) -> GatewayError:
    """The master rejected what the test had accepted."""
    return GatewayError(
        "nginx accepted the reload but kept its old configuration",
        serving="nginx serves with the configuration it had before",
        help="usual causes: the port of a `listen` is taken, a `zone` is too small;"
        f" see `docker logs {name}`",
        evidence=log,
    )


def _told_by(prepared: Prepared) -> Output | None:
    """What became of it; None where it is gone, as after a restart of its container."""
    with suppress(EngineError):
        prepared.go()
        return prepared.outcome(SENDING_SECONDS)
    return None


def _reload(command: Sequence[str]) -> tuple[str, ...]:
    return (*command, "-s", "reload")


@cache
def _hangup() -> str:
    return Path(__file__).with_name("hangup.sh").read_text(encoding="utf-8")
