"""The logs that the engine keeps of containers."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO

from composeroll.engine.api.connection import Api
from composeroll.engine.api.frames import read_frames
from composeroll.model import LogStream

_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.(\d{9})Z")
"""The engine's time stamp of a line (moby, `jsonmessage.RFC3339NanoFixed`)."""


class Logs:
    """The logs of one engine's containers.

    Methods raise `EngineError` if the engine refuses, `EngineUnreachable` if it does not answer.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def last(self, container: str, lines: int) -> tuple[str, ...]:
        """Return the last `lines` lines of stdout and stderr, in the order in which they came."""
        query = {"stdout": "1", "stderr": "1", "tail": str(lines)}
        return tuple(self._read(container, query, tty=self._has_terminal(container)).splitlines())

    def stamped(
        self, container: str, stream: LogStream, lines: int, since: str = ""
    ) -> tuple[tuple[str, str], ...]:
        """Return the last lines of one output, each with the engine's time stamp.

        Stamps are RFC 3339 in UTC with nine decimals, so their text order is their time order. A
        container with a terminal has one output for both.

        Args:
            container: its full ID.
            stream: which output.
            lines: how many at most, including those of the other output; the engine reads them from
                the end.
            since: the stamp of an earlier call, from which on lines are returned; empty: all.
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
    """Decode a log: with a terminal it is plain text, otherwise it consists of frames."""
    plain = body if tty else b"".join(content for _, content in read_frames(BytesIO(body)))
    return plain.decode(errors="replace")


def _unix(stamp: str) -> str:
    """Convert a stamp for `since`, to seconds and nanoseconds (moby, `api/types/time`)."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        raise ValueError(f"{stamp!r} is not a timestamp of the engine")
    return f"{datetime.fromisoformat(f'{found[1]}+00:00').timestamp():.0f}.{found[2]}"
