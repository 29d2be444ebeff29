"""The error for a failed `nginx -T`: nginx rejected its files, or the test did not complete."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.errors import GatewayError
from composeroll.model import Output
from composeroll.nginx.configuration.version import read_version
from composeroll.nginx.door import TIMED_OUT
from composeroll.nginx.install import NOT_RUN

KILLED = (128 + 9, 128 + 15)
"""Exit codes of a program that SIGKILL or SIGTERM ended, for example with its container."""


def failed_test(output: Output, command: Sequence[str]) -> GatewayError:
    """Return the error for a failed test; its evidence quotes nginx or the engine.

    Args:
        output: the output of the test; its exit code is not 0.
        command: the master's argv.
    """
    words = tuple(line for line in output.lines if not read_version(line))
    if output.exit_code == TIMED_OUT:
        return GatewayError(
            "nginx did not end the test of its configuration in time",
            help="it looks up every name in the configuration: check whether DNS answers in its"
            " container, and run the same command again",
            evidence=words[-1:],  # before it are the files, as far as they were printed
        )
    if output.exit_code in KILLED:
        return GatewayError(
            "nginx was killed while it tested its configuration",
            help="its container was stopped just then, or memory ran out: make sure that it runs,"
            " and run the same command again",
            evidence=words[-1:],
        )
    if output.exit_code in NOT_RUN:
        return GatewayError(
            f"`{command[0]}` cannot be run to test its configuration",
            help="`docker exec` has to find the program that nginx was started as, and the user has"
            " to be allowed to run it: start nginx by its full path",
            evidence=words,
        )
    return GatewayError("nginx rejects its configuration", evidence=words)
