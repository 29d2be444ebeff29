"""One HTTP/1.1 GET (RFC 9112), as far as a readiness probe needs it."""

from __future__ import annotations

import re

from msgspec import Struct

from composeroll.readiness.answer import AnswerError, NoAnswerError
from composeroll.readiness.pipe import Conversation

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 8 * 1024
"""Bytes. nginx and php refuse longer heads by default; the body is only shown to the user."""

_PIECE = 4096
_LINE_END = re.compile(r"\r?\n")  # a bare LF ends a line too, for nginx as for RFC 9112, 2.2
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BODILESS = (204, 304)
_FINAL = 200  # a 1xx only announces the response that follows it (RFC 9110, 15.2)


class Response(Struct, frozen=True):
    """A status, the header fields by lower-case name, and the beginning of the body."""

    status: int
    fields: dict[str, str]
    body: str = ""


def ask(conversation: Conversation, path: str, host: str) -> Response:
    """GET `path`.

    Raises:
        NoAnswerError: the connection was closed without an answer.
        AnswerError: the answer is not HTTP.
        OSError: the connection broke, or the time limit passed, before the head was complete.
    """
    conversation.send(request(path, host))
    head, begun = _head(conversation)
    while (response := parse_head(head)).status < _FINAL:
        head, begun = _head(conversation, begun)
    return Response(response.status, response.fields, _body(conversation, response, begun))


def request(path: str, host: str) -> bytes:
    """Return the request as bytes."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: composeroll",
        "Accept: */*",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def parse_head(head: bytes) -> Response:
    """Return the status and fields of a head, which is given without its empty line.

    Raises:
        AnswerError: it does not begin with an HTTP/1 status line.
    """
    status_line, *lines = _LINE_END.split(head.decode("latin-1"))
    version, _, rest = status_line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or len(code) != len("200") or not code.isdecimal():
        raise AnswerError(f"does not speak HTTP: {status_line[:80]!r}")
    pairs = (line.partition(":") for line in lines)
    return Response(int(code), {name.lower(): value.strip() for name, _, value in pairs})


def unchunk(body: bytes) -> bytes:
    """Return the content of a chunked body, as far as it has arrived."""
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = _hexadecimal(size.partition(b";")[0])
        if not length:
            break
        content, body = content + body[:length], body[length + 2 :]
    return content


def _head(conversation: Conversation, data: bytes = b"") -> tuple[bytes, bytes]:
    while not (end := _HEAD_END.search(data)):
        piece = conversation.read(_PIECE)
        if not piece:
            raise _broken_off(data)
        data += piece
        if len(data) > HEAD_LIMIT:
            raise AnswerError("answered with a head that does not end")
    return data[: end.start()], data[end.end() :]


def _broken_off(data: bytes) -> AnswerError:
    if not data:
        return NoAnswerError("closed the connection without an answer")
    return AnswerError(f"closed the connection in the middle of its answer: {data[:80]!r}")


def _body(conversation: Conversation, response: Response, data: bytes) -> str:
    # The status decides: a body that stalls or breaks off changes nothing.
    try:
        while not _complete(response, data) and (piece := conversation.read(_PIECE)):
            data += piece
    except OSError:
        pass
    chunked = "chunked" in response.fields.get("transfer-encoding", "").lower()
    return (unchunk(data) if chunked else data)[:BODY_LIMIT].decode(errors="replace")


def _complete(response: Response, data: bytes) -> bool:
    length = response.fields.get("content-length", "")
    return (
        response.status in _BODILESS
        or len(data) >= BODY_LIMIT
        or (length.isdecimal() and len(data) >= int(length))
        or ("transfer-encoding" in response.fields and data.endswith(b"0\r\n\r\n"))
    )


def _hexadecimal(text: bytes) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
