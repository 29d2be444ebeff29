"""FastCGI records, well-formed and not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.readiness import fastcgi
from composeroll.readiness.answer import AnswerError
from composeroll.readiness.fastcgi import Record
from tests.unit.readiness.pipes import hearing
from tests.unit.readiness.servers import cgi, record

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200)


@given(st.integers(100, 999), TEXT)
def test_status_and_body_are_read_however_the_bytes_arrive(status: int, body: str) -> None:
    document = f"Status: {status} X\r\nX-A: b\r\n\r\n{body}".encode()
    for piece in (1, 7, 65536):
        page = fastcgi.read_response(hearing(cgi(document), piece))
        assert (page.status, page.body) == (status, body)


@given(st.binary(max_size=300))
def test_whatever_comes_is_an_answer_or_an_answer_error(data: bytes) -> None:
    with contextlib.suppress(AnswerError):
        fastcgi.read_response(hearing(data))


@given(st.lists(st.tuples(st.sampled_from(Record), st.binary(max_size=60)), max_size=8))
def test_records_in_any_order_are_an_answer_or_an_answer_error(
    records: list[tuple[Record, bytes]],
) -> None:
    with contextlib.suppress(AnswerError):
        fastcgi.read_response(hearing(b"".join(record(*one) for one in records)))


@given(st.integers(0, 60))
def test_an_answer_that_breaks_off_anywhere_is_no_answer(kept: int) -> None:
    whole = cgi(b"Content-type: text/plain\r\n\r\npong")
    with pytest.raises(AnswerError, match="in the middle"):
        fastcgi.read_response(hearing(whole[: min(kept, len(whole) - 1)]))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak FastCGI"),
        (cgi(b"no header at all"), "without a CGI header"),
        (cgi(b"Status: ok\r\n\r\n"), "the status 'ok'"),
        (cgi(b"\r\n\r\n", refusal=2), "is overloaded"),
        (cgi(b"\r\n\r\n", refusal=9), "protocol status 9"),
        (record(Record.END_REQUEST, b"\0"), "malformed record"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(answer: bytes, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        fastcgi.read_response(hearing(answer))


def test_what_a_script_that_ended_without_a_header_said_goes_with_the_error() -> None:
    complaint = record(Record.STDERR, b"PHP Fatal error:  Allowed memory size exhausted\n\n")
    with pytest.raises(AnswerError) as silent:
        fastcgi.read_response(hearing(complaint + cgi(b"")))
    assert silent.value.output == ("PHP Fatal error:  Allowed memory size exhausted",)
    with pytest.raises(AnswerError) as bare:
        fastcgi.read_response(hearing(complaint + cgi(b"half a page")))
    assert bare.value.output[0] == "half a page"


def test_a_redirect_without_a_status_is_a_302() -> None:
    assert fastcgi.parse_cgi(b"Location: /login\r\n\r\n").status == 302


def test_a_query_is_no_part_of_the_script() -> None:
    variables = fastcgi.parameters("/ping?full", "10.0.0.2")
    assert variables["SCRIPT_NAME"] == variables["SCRIPT_FILENAME"] == "/ping"
    assert variables["QUERY_STRING"] == "full"
    assert variables["REQUEST_URI"] == "/ping?full"


def test_what_goes_to_stderr_is_kept_beside_the_page() -> None:
    answer = record(Record.STDERR, b"Primary script unknown") + cgi(b"Status: 404\r\n\r\n")
    assert fastcgi.read_response(hearing(answer)).errors == "Primary script unknown"
