"""Commands inside containers, against an engine at the other end of a socket pair."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from composeroll.engine.api.connection import Api
from composeroll.engine.api.frames import Channel
from composeroll.engine.api.transport import Stream
from composeroll.engine.attached import Commands
from composeroll.engine.side_by_side import side_by_side
from composeroll.errors import EngineUnreachable
from composeroll.model import Output

HANDSHAKE = 1.0
"""Seconds to an engine that is far away."""

Says = Callable[[socket.socket], None]
"""What the engine does on the connection of a command that is started."""


class Piped:
    """One end of a socket pair, as a stream to the engine."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def close(self) -> None:
        """Close this end."""
        self.sock.close()

    def complaint(self) -> str:
        """Nothing carries it that could complain."""
        return ""


class Answered:
    """The answer to one call, as JSON."""

    def __init__(self, content: Any) -> None:  # noqa: ANN401 anything JSON
        self._content = content

    def json(self) -> Any:  # noqa: ANN401 anything JSON
        """What was answered."""
        return self._content


class Speaking:
    """The way to an engine that `says` its part on each connection, a handshake later."""

    def __init__(self, says: Says, handshake: float = 0.0, limit: int | None = None) -> None:
        self.limit = limit
        self.most = 0
        self._says = says
        self._handshake = handshake
        self._lock = threading.Lock()
        self._shaking = 0

    def open(self) -> Stream:
        """A connection at whose other end the engine speaks."""
        ours, theirs = socket.socketpair()
        with self._lock:
            self._shaking += 1
            self.most = max(self.most, self._shaking)
        threading.Thread(target=self._speak, args=(theirs,), daemon=True).start()
        return Piped(ours)

    def _speak(self, theirs: socket.socket) -> None:
        with theirs:
            theirs.recv(65536)
            time.sleep(self._handshake)
            with self._lock:
                self._shaking -= 1
            self._says(theirs)


class Talking:
    """As much of the Engine API as a command needs, which `runs` on where that is said."""

    def __init__(self, way: Speaking, *, runs: bool = False) -> None:
        self.opening = Api(way).opening
        self._runs = runs

    def post(self, path: str, body: Any) -> Answered:  # noqa: ANN401 anything JSON
        """A command that is created."""
        del path
        json.dumps(body)
        return Answered({"Id": "e1"})

    def get(self, path: str) -> Answered:
        """Whether a command has ended."""
        del path
        return Answered({"Running": self._runs, "ExitCode": None if self._runs else 0})


def commands(way: Speaking, *, runs: bool = False) -> Commands:
    """Those of the engine there."""
    return Commands(cast("Api", Talking(way, runs=runs)))


def executed(says: Says) -> Output:
    return commands(Speaking(says)).execute("c1", ["true"], timeout=5)


def saying(frames: Sequence[tuple[Channel, bytes]]) -> Says:
    body = b"".join(struct.pack(">BxxxL", channel, len(text)) + text for channel, text in frames)
    head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    return lambda peer: peer.sendall(head + body)


def test_what_the_engine_complains_of_stands_with_the_commands_complaints() -> None:
    frames = [
        (Channel.STDOUT, b"answer"),
        (Channel.STDERR, b"warning\n"),
        (Channel.SYSTEM_ERROR, b"Error grabbing logs: EOF"),
    ]
    assert executed(saying(frames)) == Output(0, "answer", "warning\nError grabbing logs: EOF")


def test_an_engine_that_hangs_up_before_it_answers_is_unreachable() -> None:
    with pytest.raises(EngineUnreachable, match="the connection to the engine broke"):
        executed(lambda _: None)


def test_the_way_to_the_engine_takes_nothing_of_a_commands_time() -> None:
    far = commands(Speaking(saying([(Channel.STDOUT, b"well")]), HANDSHAKE))
    assert far.execute("c1", ["true"], timeout=HANDSHAKE / 2) == Output(0, "well")


def test_a_command_that_is_not_waited_for_any_longer_is_told_apart_from_one_that_says_124() -> None:
    def hangs(peer: socket.socket) -> None:
        saying([(Channel.STDOUT, b"begins")])(peer)
        peer.recv(1)

    hung = commands(Speaking(hangs)).execute("c1", ["true"], timeout=0.5)
    assert (hung.exit_code, hung.stdout, hung.overdue) == (124, "begins", True)
    assert not Output(124).overdue


def silent(peer: socket.socket) -> None:
    saying([])(peer)
    peer.recv(1)


@pytest.mark.parametrize("says", [silent, saying([])], ids=["its streams open", "them closed"])
def test_whoever_waits_for_a_command_waits_no_longer_once_it_is_let_go(says: Says) -> None:
    running = commands(Speaking(says), runs=True).begin("c1", ["sleep", "60"])
    threading.Timer(0.05, running.close).start()
    began = time.monotonic()
    assert running.outcome(60).overdue
    assert time.monotonic() - began < 20


def test_a_command_that_was_let_go_before_anybody_waited_is_not_waited_for() -> None:
    running = commands(Speaking(silent)).begin("c1", ["sleep", "60"])
    running.close()
    assert running.outcome(60).overdue


def test_as_few_commands_as_calls_are_on_their_way_to_the_engine_at_once() -> None:
    way = Speaking(saying([]), handshake=0.2, limit=3)
    far = commands(way)
    side_by_side(lambda _: far.execute("c1", ["true"]), range(12))
    assert way.most == 3


def test_a_command_that_goes_on_holds_no_other_back() -> None:
    far = commands(Speaking(saying([]), limit=1))
    for attached in [far.dial("c1", ["cat"]) for _ in range(3)]:
        attached.close()
