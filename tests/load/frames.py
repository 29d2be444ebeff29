"""Websocket frames (RFC 6455 section 5), as a client writes and reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tests.load.head import MalformedError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_KNOWN = {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the server: opcode, whether it ends its message, payload."""

    opcode: int
    final: bool
    payload: bytes

    @property
    def close_code(self) -> int:
        """Return a close frame's code; 1005 stands for none (RFC 6455 section 7.1.5)."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else 1005


def encode(opcode: int, payload: bytes) -> bytes:
    """Return one final frame, masked with a fresh key as a client must (section 5.3)."""
    key = os.urandom(4)
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + length + key + mask(payload, key)


def mask(payload: bytes, key: bytes) -> bytes:
    """Return `payload` XOR the repeated four-byte `key`; masking and unmasking are the same."""
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return mixed.to_bytes(len(payload), "big")


def take_frame(buffer: bytearray) -> Frame | None:
    """Remove the first whole frame from `buffer` and return it, or None until it is whole.

    Raises MalformedError for masked frames, reserved bits and unknown opcodes, which a server must
    not send (sections 5.1, 5.2), and for control frames in pieces or above 125 bytes (5.5).
    """
    if len(buffer) < 2:
        return None
    opcode, final, size, begin = buffer[0] & 0x0F, bool(buffer[0] & 0x80), buffer[1], 2
    if buffer[0] & 0x70 or opcode not in _KNOWN or size & 0x80:
        raise MalformedError(f"frame head {bytes(buffer[:2]).hex()}")
    if opcode >= CLOSE and (size > 125 or not final):
        raise MalformedError(f"control frame head {bytes(buffer[:2]).hex()}")
    if size >= 126:
        width = 2 if size == 126 else 8
        begin += width
        size = int.from_bytes(buffer[2:begin], "big")
    if len(buffer) < begin + size:
        return None
    payload = bytes(buffer[begin : begin + size])
    del buffer[: begin + size]
    return Frame(opcode, final, payload)
