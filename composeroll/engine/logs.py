"""What containers wrote, as the engine kept it."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO

from composeroll.engine.api.connection import Api
from composeroll.engine.api.frames import read_frames
from composeroll.model import LogStream

_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.(\d{9})Z")
"""The engine's time of a line (moby, `jsonmessage.RFC3339NanoFixed`)."""


class Logs:
    """The logs of one engine's containers.

    Methods raise `EngineError` when the engine refuses and `EngineUnreachable` when it is gone.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def last(self, container: str, lines: int) -> tuple[str, ...]:
        """The last `lines` lines of stdout and stderr, in the order they came."""
        query = {"stdout": "1", "stderr": "1", "tail": str(lines)}
        return tuple(self._read(container, query, tty=self._has_terminal(container)).splitlines())

    def stamped(
        self, container: str, stream: LogStream, lines: int, since: str = ""
    ) -> tuple[tuple[str, str], ...]:
        """The last lines of one output, each with the engine's time stamp.

        Stamps are RFC 3339 in UTC with nine digits behind the point, so text order is time order.
        A container with a terminal has one output for both.

        Args:
            container: its full ID.
            stream: which output.
            lines: how many at most, those of the other output counted too; the engine reads them
                from the end.
            since: a stamp from an earlier call, from which on lines are wanted; empty: all.
        """
        tty = self._has_terminal(container)
        query = {str(LogStream.STDOUT if tty else stream): "1", "timestamps": "1"}
        query |= {"tail": str(lines)} | ({"since": _unix(since)} if since else {})
        said = self._read(container, query, tty=tty).split("\n")
        found = (line.removesuffix("\r").partition(" ") for line in said)
        return tuple((stamp, line) for stamp, _, line in found if _STAMP.fullmatch(stamp))

    def _read(self, container: str, query: dict[str, str], *, tty: bool) -> str:
        return _text(self._api.get(f"/containers/{container}/logs", query).body, tty=tty)

    def _has_terminal(self, container: str) -> bool:
        return bool(self._api.get(f"/containers/{container}/json").json()["Config"]["Tty"])


def _text(body: bytes, *, tty: bool) -> str:
    """Logs as text: a container with a terminal has one plain stream, any other has frames."""
    plain = body if tty else b"".join(content for _, content in read_frames(BytesIO(body)))
    return plain.decode(errors="replace")


def _unix(stamp: str) -> str:
    """`since` wants seconds and nanoseconds (moby, `api/types/time`)."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        raise ValueError(f"{stamp!r} is not a timestamp of the engine")
    return f"{datetime.fromisoformat(f'{found[1]}+00:00').timestamp():.0f}.{found[2]}"
