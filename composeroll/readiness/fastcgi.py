"""One FastCGI 1.0 request as a web server makes it to a responder such as php-fpm."""

from __future__ import annotations

import struct
from enum import IntEnum

from msgspec import Struct

from composeroll.readiness.answer import AnswerError, last_lines
from composeroll.readiness.pipe import Conversation

CONTENT_LIMIT = 64 * 1024
"""Bytes of output kept; the status is at its beginning."""

_HEADER = struct.Struct(">BBHHBx")  # version, type, request ID, content length, padding length
_REQUEST = 1
_RESPONDER = struct.pack(">HB5x", 1, 0)  # role 1, flags 0: close the connection afterwards
_SHORT = 0x80


class Record(IntEnum):
    """The record types that a request and its answer consist of (FastCGI 1.0, section 8)."""

    BEGIN_REQUEST = 1
    END_REQUEST = 3
    PARAMS = 4
    STDIN = 5
    STDOUT = 6
    STDERR = 7


REFUSALS = {1: "cannot take a second request", 2: "is overloaded", 3: "is no responder"}
"""END_REQUEST's protocol status, in words."""


class CgiResponse(Struct, frozen=True):
    """A CGI status (200 unless said otherwise), the body, and what went to FastCGI's stderr."""

    status: int
    body: str
    errors: str = ""


def ask(conversation: Conversation, path: str, host: str) -> CgiResponse:
    """Request `path` and read the answer up to its END_REQUEST.

    Raises:
        AnswerError: the answer is not FastCGI, broke off, or is a refusal.
        OSError: the connection broke, or the time limit has passed.
    """
    conversation.send(request(parameters(path, host)))
    return read_response(conversation)


def parameters(path: str, host: str) -> dict[str, str]:
    """The CGI variables of a GET.

    php-fpm compares `ping.path` with SCRIPT_NAME, but only looks at a request whose
    SCRIPT_FILENAME is set too (sapi/fpm: `fpm_status_handle_request`, `init_request_info`).
    """
    script, _, query = path.partition("?")
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "composeroll",
        "SERVER_NAME": host,
        "HTTP_HOST": host,
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": script,
        "SCRIPT_FILENAME": script,
    }


def request(variables: dict[str, str]) -> bytes:
    """The records of a request without a body."""
    params = b"".join(_pair(name.encode(), value.encode()) for name, value in variables.items())
    return b"".join(
        (
            _record(Record.BEGIN_REQUEST, _RESPONDER),
            _record(Record.PARAMS, params),
            _record(Record.PARAMS, b""),
            _record(Record.STDIN, b""),
        )
    )


def read_response(conversation: Conversation) -> CgiResponse:
    """Gather the output records until END_REQUEST.

    Raises:
        AnswerError: malformed, broken off, or refused.
    """
    streams = {Record.STDOUT: b"", Record.STDERR: b""}
    while True:
        kind, content = _read_record(conversation)
        if kind == Record.END_REQUEST:
            _check_end(content)
            return parse_cgi(streams[Record.STDOUT], streams[Record.STDERR])
        if kind in streams and len(streams[Record(kind)]) < CONTENT_LIMIT:
            streams[Record(kind)] += content


def parse_cgi(output: bytes, errors: bytes = b"") -> CgiResponse:
    """Status and body of a CGI document (RFC 3875, section 6).

    Raises:
        AnswerError: there is no header, or its Status is not a number.
    """
    head, separator, body = output.replace(b"\r\n", b"\n").partition(b"\n\n")
    complaint = errors.decode(errors="replace")
    if not separator:
        said = f"{output.decode(errors='replace')}\n{complaint}"
        raise AnswerError("answered without a CGI header", last_lines(said))
    lines = (line.partition(":") for line in head.decode("latin-1").split("\n"))
    fields = {name.lower(): value.strip() for name, _, value in lines}
    return CgiResponse(_status(fields), body.decode(errors="replace"), complaint)


def _status(fields: dict[str, str]) -> int:
    text = fields.get("status", "302" if "location" in fields else "200")[:3]
    if not text.isdecimal():
        raise AnswerError(f"answered with the status {text!r}")
    return int(text)


def _read_record(conversation: Conversation) -> tuple[int, bytes]:
    version, kind, _, length, padding = _HEADER.unpack(conversation.exactly(_HEADER.size))
    if version != 1:
        raise AnswerError("does not speak FastCGI")
    return kind, conversation.exactly(length + padding)[:length]


def _check_end(content: bytes) -> None:
    if len(content) < len(_RESPONDER):
        raise AnswerError("ended the request with a malformed record")
    if refusal := content[4]:
        raise AnswerError(REFUSALS.get(refusal, f"refused with protocol status {refusal}"))


def _record(kind: Record, content: bytes) -> bytes:
    return _HEADER.pack(1, kind, _REQUEST, len(content), 0) + content


def _pair(name: bytes, value: bytes) -> bytes:
    return _length(name) + _length(value) + name + value


def _length(text: bytes) -> bytes:
    if len(text) < _SHORT:
        return bytes([len(text)])
    return struct.pack(">I", len(text) | 0x80000000)
