"""HTTP heads and bodies, well-formed and not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.readiness import http
from composeroll.readiness.answer import AnswerError
from composeroll.readiness.pipe import Conversation
from tests.unit.readiness.pipes import Recorded, hearing
from tests.unit.readiness.servers import http_answer


@given(
    st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    st.text(max_size=200),
    st.integers(1, 40),
)
def test_status_and_body_are_read_however_the_bytes_arrive(
    status: int, body: str, piece: int
) -> None:
    raw = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    response = http.ask(hearing(head + raw, piece), "/", "app")
    assert (response.status, response.body) == (status, body)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_not_waited_on(status: int) -> None:
    pipe = Recorded(f"HTTP/1.1 {status} X\r\n\r\n".encode() + b"next", piece=1)
    assert http.ask(Conversation(pipe, 5), "/", "app").status == status
    assert pipe.recv(4) == b"n"


@given(st.binary(max_size=300), st.integers(1, 40))
def test_whatever_comes_is_an_answer_or_an_answer_error(data: bytes, piece: int) -> None:
    with contextlib.suppress(AnswerError):
        http.ask(hearing(data, piece), "/", "app")


@given(st.binary(max_size=300))
def test_a_malformed_chunked_body_does_not_hide_the_status(data: bytes) -> None:
    head = b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert http.ask(hearing(head + data), "/", "app").status == 503


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nServ", "in the middle of its answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000, "a head that does not end"),
    ],
)
def test_an_answer_that_is_no_http_says_so(answer: bytes, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        http.ask(hearing(answer), "/", "app")


def test_a_chunked_body_is_shown_without_its_sizes() -> None:
    head = b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"5;x=y\r\nno db\r\n1\r\n!\r\n0\r\n\r\n"
    assert http.ask(hearing(head + body), "/", "app").body == "no db!"


def test_an_informational_response_is_not_the_answer() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert http.ask(hearing(early + http_answer(404, "gone")), "/", "app").status == 404


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [1, 65536])
def test_lines_may_end_as_nginx_takes_them(end: str, last: str, piece: int) -> None:
    head = f"HTTP/1.0 503 X{end}Status: no{end}Content-Length: 6{end}{last}"
    response = http.ask(hearing(f"{head}no db\nand no more".encode(), piece), "/", "app")
    assert (response.status, response.fields["status"]) == (503, "no")
    assert response.body.startswith("no db\n")


def test_the_request_names_the_host_and_asks_to_close() -> None:
    assert http.request("/ping?x=1", "shop.test") == (
        b"GET /ping?x=1 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: composeroll\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n"
    )


def test_an_endless_body_is_read_no_further_than_anybody_would_read_it() -> None:
    pipe = Recorded(b"HTTP/1.1 500 X\r\n\r\n" + b"y" * 1_000_000, 65536)
    assert len(http.ask(Conversation(pipe, 5), "/", "app").body) == http.BODY_LIMIT
    assert pipe.recv(1) == b"y"
