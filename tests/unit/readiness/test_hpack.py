"""Header blocks as servers write them, and malformed ones; codes as in RFC 7541, appendix B."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.readiness.answer import AnswerError
from composeroll.readiness.hpack import numbers

NAME = b"\x0bgrpc-status"
CODED_NAME = bytes.fromhex("889acac8b21234da8f")
LONG = b"\x00\x07x-trace\x7f\x81\x01" + b"x" * 256
"""A value of 256 bytes: 127 in the prefix, then 129."""


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (b"\x88", {":status": 200}),
        (b"\x3f\xe1\x1f\x88", {":status": 200}),
        (b"\x8d", {":status": 404}),
        (b"\x48\x03503", {":status": 503}),
        (b"\x08\x83\x6c\x0c\xff", {":status": 503}),
        (b"\x00\x07:status\x03200", {":status": 200}),
        (b"\x88\x40" + NAME + b"\x0212", {":status": 200, "grpc-status": 12}),
        (b"\x88\x10" + NAME + b"\x0214", {":status": 200, "grpc-status": 14}),
        (b"\x88\x40" + CODED_NAME + b"\x0214", {":status": 200, "grpc-status": 14}),
        (b"\x88\x00" + CODED_NAME + b"\x82\x08\xbf", {":status": 200, "grpc-status": 12}),
        (b"\x00" + CODED_NAME + b"\x81\x07", {"grpc-status": 0}),
        (b"\x5f\x10application/grpc" + LONG + b"\x88", {":status": 200}),
        (b"\xbe\x7f\x80\x01\x01x", {}),
        (b"", {}),
    ],
    ids=[
        "the static table",
        "a table size first",
        "404",
        "a status that the table lacks",
        "that in Huffman's code",
        "a status by its name",
        "plain",
        "never indexed",
        "a coded name",
        "a coded name and value",
        "one digit",
        "other fields before it",
        "fields of the dynamic table",
        "nothing",
    ],
)
def test_the_two_numbers_are_found_however_they_are_written(
    block: bytes, said: dict[str, int]
) -> None:
    assert numbers(block) == said


@pytest.mark.parametrize(
    "block",
    [
        b"\x48\x03",
        b"\x48\x03abc",
        b"\x48\x00",
        b"\x48\x7f\xa1\x27" + b"9" * 5024,
        b"\x08\x82\xff\xff",
        b"\x00" + CODED_NAME + b"\x82\x08\x80",
        b"\x7f\xff",
        b"\x40\x0bgrpc",
        b"\x40",
    ],
    ids=[
        "cut off",
        "no number",
        "empty",
        "far too long",
        "padding alone",
        "padded with zeros",
        "a number without an end",
        "a name cut off",
        "no name",
    ],
)
def test_what_is_no_header_block_is_no_http_2(block: bytes) -> None:
    with pytest.raises(AnswerError, match="does not speak HTTP/2"):
        numbers(block)


@given(st.binary(max_size=80))
def test_any_bytes_are_numbers_or_an_answer_error(block: bytes) -> None:
    with contextlib.suppress(AnswerError):
        assert all(number < 1000 for number in numbers(block).values())
