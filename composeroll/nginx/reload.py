"""Reload nginx, and verify that it uses the new configuration."""

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

FIRST_WAIT_SECONDS = 0.1
"""Wait before the workers are first read. The master starts new workers and makes the old ones quit
100 ms later (ngx_master_process_cycle), at about the time when `-s reload` returns."""

POLL_SECONDS = 0.02
"""Wait between two readings of the workers; one takes the engine 10 to 30 ms."""

RELOAD_SECONDS = 10.0
"""The shortest time limit for a reload, with room for a busy machine."""

RELOAD_FACTOR = 3.0
"""How many times as long as a test a reload may take: it reads what the test reads, while nginx
serves. With thousands of certificates, or a slow name server, that exceeds `RELOAD_SECONDS`."""


SENDING_SECONDS = 30.0
"""How long `nginx -s reload` may take: it reads the configuration before it signals the master."""


def prepare_reload(door: ContainerDoor, container: str, command: Sequence[str]) -> Prepared | None:
    """Make `nginx -s reload` wait in the container to be started; None if the engine refuses."""
    with suppress(EngineError):  # the next command in the container reports it better
        return door.prepare(container, _reload(command))
    return None


def send_reload(
    door: ContainerDoor, container: str, command: Sequence[str], prepared: Prepared | None = None
) -> None:
    """Run `nginx -s reload`; if that fails, as without a pid file, send SIGHUP to the master.

    The signal is never sent by the engine's kill API: an engine treats a container that it has sent
    any signal as stopped by the user, and does not restart it when it dies (Engine 28,
    `unless-stopped`).

    Args:
        door: runs commands in the container.
        container: its full ID.
        command: the master's argv.
        prepared: the command that `prepare_reload` returned.

    Raises:
        GatewayError: neither reached the master.
    """
    output = _run_prepared(prepared) if prepared else None
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
    """Return whether, within the time limit, new workers serve and no old one accepts.

    nginx does not report it: if the master rejects a configuration, nothing changes.

    Args:
        look: reads the current workers.
        before: the workers from before the reload.
        clock: measures the time limit.
        tested: seconds that the last test of the files took, from which the limit follows.
    """
    deadline = clock.now() + RELOAD_SECONDS + RELOAD_FACTOR * tested
    clock.wait(FIRST_WAIT_SECONDS)
    while not look().replaced(before):
        if clock.now() >= deadline:
            return False
        clock.wait(POLL_SECONDS)
    return True


def not_reloaded(name: str, log: tuple[str, ...]) -> GatewayError:
    """Return the error for a configuration that the master rejected and the test had accepted."""
    return GatewayError(
        "nginx accepted the reload but kept its old configuration",
        serving="nginx serves with the configuration it had before",
        help="usual causes: the port of a `listen` is taken, a `zone` is too small;"
        f" see `docker logs {name}`",
        evidence=log,
    )


def _run_prepared(prepared: Prepared) -> Output | None:
    """Run the prepared command; return None if it is gone, as after a restart of its container."""
    with suppress(EngineError):
        prepared.go()
        return prepared.outcome(SENDING_SECONDS)
    return None


def _reload(command: Sequence[str]) -> tuple[str, ...]:
    return (*command, "-s", "reload")


@cache
def _hangup() -> str:
    return Path(__file__).with_name("hangup.sh").read_text(encoding="utf-8")
