"""The two numbers in an HTTP/2 header block that say how a gRPC call went (HPACK, RFC 7541).

The answer is the first one on its connection, so both fields are literals or in the static table,
and no dynamic table has to be kept. Both are numbers, so only digits are decoded from Huffman code.
"""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.readiness.answer import AnswerError

STATUS, GRPC_STATUS = ":status", "grpc-status"

_STATIC = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
"""The static table's entries for `:status`, by index (appendix A)."""

_NAMES = {
    b":status": STATUS,
    b"grpc-status": GRPC_STATUS,
    bytes.fromhex("9acac8b21234da8f"): GRPC_STATUS,  # in Huffman code
}

_DIGITS = {
    **{f"{digit:05b}": str(digit) for digit in (0, 1, 2)},
    **{f"{22 + digit:06b}": str(digit) for digit in range(3, 10)},
}
"""The digits by their Huffman code (appendix B)."""

_LONGEST = len("200")
_PADDING = "1111111"

# The high bits of a first byte (sections 5.2 and 6)
_CODED = 0x80
_BY_INDEX = 0x80
_LITERAL_TO_KEEP = 0x40
_TABLE_SIZE = 0x20


def numbers(block: bytes) -> dict[str, int]:
    """Return the values of `:status` and `grpc-status` in a complete header block.

    Raises:
        AnswerError: the block is malformed, or one of the values is not a number.
    """
    return dict(_Fields(block))


class _Fields:
    """Iterates over those fields of a block that are wanted."""

    def __init__(self, block: bytes) -> None:
        self._left = memoryview(block)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        while self._left:
            first = self._left[0]
            if first & _BY_INDEX:
                index = self._integer(7)
                if index in _STATIC:
                    yield STATUS, _STATIC[index]
            elif first & _TABLE_SIZE and not first & _LITERAL_TO_KEEP:
                self._integer(5)
            elif (name := self._name(6 if first & _LITERAL_TO_KEEP else 4)) is None:
                self._string()
            else:
                yield name, _number(*self._string())

    def _name(self, bits: int) -> str | None:
        """Return the name of a literal field, None if it is neither of the two."""
        if index := self._integer(bits):
            return STATUS if index in _STATIC else None
        return _NAMES.get(self._string()[0])

    def _integer(self, bits: int) -> int:
        """Return the integer that begins in the low `bits` of the next byte (section 5.1)."""
        limit = (1 << bits) - 1
        number = self._take(1)[0] & limit
        if number < limit:
            return number
        shift, more = 0, True
        while more:
            byte = self._take(1)[0]
            number += (byte & 0x7F) << shift
            shift, more = shift + 7, bool(byte & 0x80)
        return number

    def _string(self) -> tuple[bytes, bool]:
        """Return a string's raw bytes, and whether they are in Huffman code (section 5.2)."""
        coded = bool(self._left and self._left[0] & _CODED)
        return self._take(self._integer(7)), coded

    def _take(self, size: int) -> bytes:
        if size > len(self._left):
            raise AnswerError("does not speak HTTP/2")
        taken, self._left = bytes(self._left[:size]), self._left[size:]
        return taken


def _number(text: bytes, coded: bool) -> int:  # noqa: FBT001 - the two halves of one string
    digits = _decoded(text) if coded else text.decode("latin-1")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST):
        raise AnswerError("does not speak HTTP/2")
    return int(digits)


def _decoded(text: bytes) -> str:
    """Return the digits in Huffman code; empty if there is anything else."""
    said, word = "", ""
    for bit in "".join(f"{byte:08b}" for byte in text):
        word += bit
        if word in _DIGITS:
            said, word = said + _DIGITS[word], ""
    return said if _PADDING.startswith(word) else ""
