"""From an error to an exit code."""

from __future__ import annotations

from composeroll.errors import ComposerollError, ExitCode, Interrupted


def exit_code(error: ComposerollError) -> int:
    """The exit code of an error."""
    if isinstance(error, Interrupted):
        return ExitCode.SIGNAL + error.signum
    return error.exit_code
