"""A gateway's sites are asked where it stands, and what they answer is noted."""

from __future__ import annotations

import pytest

from composeroll.model import Attachment, Site, Visit
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.direct import DirectDialer
from composeroll.readiness.visit import Visits
from tests.unit.readiness.engine import Engine
from tests.unit.readiness.servers import Serve, answering, closed_address, http_answer, serving

HERE = Attachment("n1", "shop_default", "127.0.0.1")


def asked(site: Site) -> Visit:
    """What comes of asking for one site on this machine."""
    visits = Visits(Dialers(Engine(), lambda _: True))
    (visit,) = visits.visit(HERE, [site], "gateway").values()
    return visit


def visited(site: Site) -> tuple[int, str]:
    """What it answers."""
    visit = asked(site)
    return visit.status, visit.said


@pytest.mark.parametrize(
    ("serve", "status", "said"),
    [
        (answering(http_answer(200)), 200, "answered 200"),
        (answering(http_answer(404, "nobody")), 404, "answered 404"),
        (answering(b"220 mail ready\r\n\r\n"), 0, "does not speak HTTP"),
        (answering(b""), 0, "closed the connection"),
    ],
)
def test_a_site_is_known_by_its_status(serve: Serve, status: int, said: str) -> None:
    with serving(serve) as address:
        got, words = visited(Site(int(address.rpartition(":")[2]), "shop.test"))
    assert got == status
    assert said in words


UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"
"""A fatal alert, as `ssl_reject_handshake on` sends it."""


@pytest.mark.parametrize(
    ("sent", "tls", "closed", "said"),
    [
        (b"", False, True, "closed the connection without an answer"),
        (b"HTTP/1.1 2", False, False, "in the middle of its answer"),
        (UNRECOGNIZED_NAME, True, True, "failed the TLS handshake: "),
        (b"", True, True, "failed the TLS handshake: "),
    ],
)
def test_a_site_that_closes_without_a_word_is_known_for_that(
    sent: bytes, said: str, *, tls: bool, closed: bool
) -> None:
    with serving(answering(sent)) as address:
        visit = asked(Site(int(address.rpartition(":")[2]), "shop.test", tls=tls))
    assert (visit.status, visit.closed) == (0, closed)
    assert said in visit.said


def test_what_ends_where_nobody_listens_any_more_has_closed_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As through a relay, which ends when it is refused."""

    def refused(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(DirectDialer, "accepts", refused)
    with serving(answering(b"")) as address:
        visit = asked(Site(int(address.rpartition(":")[2])))
    assert (visit.closed, visit.said) == (False, "cannot be reached: Connection refused")


def test_a_site_where_nobody_listens_has_no_status() -> None:
    status, said = visited(Site(int(closed_address().rpartition(":")[2])))
    assert (status, "cannot be reached" in said) == (0, True)


def test_what_is_no_http_is_only_connected_to() -> None:
    with serving(answering(b"")) as address:
        port = int(address.rpartition(":")[2])
        assert visited(Site(port, http=False)) == (200, "accepted a connection")


def test_who_wants_to_know_who_connects_is_told_first_and_by_name() -> None:
    heard: list[bytes] = []

    def listen(connection: object) -> None:
        heard.append(connection.recv(65536))  # type: ignore[attr-defined]  # a socket
        connection.sendall(http_answer(200))  # type: ignore[attr-defined]

    with serving(listen) as address:
        visited(Site(int(address.rpartition(":")[2]), "shop.test", proxied=True))
    assert heard[0].startswith(b"PROXY UNKNOWN\r\n")


def test_sites_without_an_address_there_are_left_out() -> None:
    visits = Visits(Dialers(Engine(), lambda _: True))
    assert not visits.visit(HERE, [Site(80, ipv6=True)], "gateway")
