"""Write includes into a gateway container, and have nginx test them: in one exec if possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Output
from composeroll.nginx.door import ContainerDoor

Texts = Mapping[str, str | None]
"""Whole files by path; None if the file does not exist or is to be removed."""

UNWRITABLE = 70
"""The script's exit code for a file that it could not write (EX_SOFTWARE; nginx uses 0 and 1)."""

NOT_RUN = (126, 127)
"""Exit codes of a shell for a program that may not be run or is missing; also the engine's."""

LONGEST_ARGUMENT = 120_000
"""Bytes; Linux accepts up to 131,072 (MAX_ARG_STRLEN)."""


NOT_WHOLE = "not written whole"
"""How the script's complaint ends where it could begin a file and not end it."""


@cache
def script() -> str:
    """Return the text of `install.sh`."""
    return Path(__file__).with_name("install.sh").read_text(encoding="utf-8")


def install_argv(texts: Texts, command: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the script's argv: the changes, then the command that the script ends by executing."""
    changes = [
        word
        for path, text in texts.items()
        for word in ((path, "drop", "") if text is None else (path, "put", text))
    ]
    return ("sh", "-c", script(), "composeroll", *changes, "--", *command)


def write_and_run(
    door: ContainerDoor, container: str, texts: Texts, command: Sequence[str]
) -> Output:
    """Write the files and run `command`; return the command's output.

    The files are written as the container's own user, else as root, else by the engine. The
    command always runs as the container's own user: root may read what that user may not.

    Raises:
        GatewayError: the files cannot be written in any of these ways.
    """
    output = _by_shell(door, container, texts, command)
    if output.exit_code == UNWRITABLE:
        _as_root(door, container, texts, output)
    elif output.exit_code in NOT_RUN:
        _by_engine(door, container, texts)
    else:
        return output
    return door.execute(container, command)


def _by_shell(door: ContainerDoor, container: str, texts: Texts, command: Sequence[str]) -> Output:
    if any(len((text or "").encode()) > LONGEST_ARGUMENT for text in texts.values()):
        return Output(NOT_RUN[0])
    return door.execute(container, install_argv(texts, command))


def _as_root(door: ContainerDoor, container: str, texts: Texts, first: Output) -> None:
    output = door.execute(container, install_argv(texts), user="0")
    if output.exit_code != 0:
        said = tuple(dict.fromkeys((*first.lines, *output.lines)))
        begun = any(line.endswith(NOT_WHOLE) for line in said)
        raise GatewayError(
            f"{' and '.join(texts)} cannot be written in the gateway",
            help="is there room left on the file system that it lies on?"
            if begun
            else "mount it writable (no `ro`, no `read_only` without a volume there)",
            evidence=said,
        )


def _by_engine(door: ContainerDoor, container: str, texts: Texts) -> None:
    """Write by the engine, which cannot remove a file: an empty one is the same to nginx."""
    try:
        for path, text in texts.items():
            door.write_file(container, path, (text or "").encode())
    except EngineError as error:
        raise GatewayError(
            f"{' and '.join(texts)} cannot be written in the gateway, whose image has no shell",
            help="put the include into a directory of the image or a writable volume",
            evidence=(error.what, *error.evidence),
        ) from error
