"""Request each of a gateway's sites once, and record the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from composeroll.model import Attachment, Site, Visit
from composeroll.readiness import http
from composeroll.readiness.answer import AnswerError, NoAnswerError, last_lines
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.pipe import Conversation, Dialer, Pipe

VISIT_LIMIT = 10.0
"""Seconds for one answer; the site may be slow before the rollout, too."""

AT_ONCE = 8

PROXY = b"PROXY UNKNOWN\r\n"
"""The PROXY protocol's header for a client that is not named (haproxy.org, proxy-protocol, 2.1)."""


class Visits:
    """Requests sites from gateways, at the addresses of their containers."""

    def __init__(self, dialers: Dialers) -> None:
        self._dialers = dialers

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str = "/"
    ) -> Mapping[Site, Visit]:
        """Request every site that can be reached at this place.

        Args:
            place: the gateway's attachment to a network.
            sites: the sites to request.
            via: the full ID of a container on that network, which relays the requests if this
                machine cannot reach the network.
            path: the path to request from each site.

        Raises:
            Refused: neither this machine nor that container can connect to the network.
        """
        dialer = self._dialers.from_gateway(via, place.network_id)
        asked = [site for site in sites if site.address_in(place)]
        with ThreadPoolExecutor(AT_ONCE) as side_by_side:
            found = side_by_side.map(lambda site: _ask(dialer, place, site, path), asked)
            return dict(zip(asked, found, strict=True))


def _ask(dialer: Dialer, place: Attachment, site: Site, path: str) -> Visit:
    try:
        return _answer_or_end(dialer, place, site, path)
    except TimeoutError:
        return Visit(0, f"gave no answer within {VISIT_LIMIT:g} s")
    except AnswerError as error:
        return Visit(0, str(error))
    except OSError as error:
        return Visit(0, f"cannot be reached: {error.strerror or error}")


def _answer_or_end(dialer: Dialer, place: Attachment, site: Site, path: str) -> Visit:
    """Return the answer, or that the connection was closed without one.

    Through a relay, a refused connection looks like a closed one: a second attempt, which only
    connects, tells them apart.
    """
    try:
        return _answer(dialer, place, site, path)
    except NoAnswerError as ended:
        dialer.accepts(site.address_in(place), VISIT_LIMIT)
        return Visit(0, str(ended), closed=True)


def _answer(dialer: Dialer, place: Attachment, site: Site, path: str) -> Visit:
    address = site.address_in(place)
    if not site.http:
        dialer.accepts(address, VISIT_LIMIT)
        return Visit(200, "accepted a connection")
    pipe = dialer.dial(address, VISIT_LIMIT)
    try:
        conversation = Conversation(_introduced(pipe, site), VISIT_LIMIT)
        response = http.ask(conversation, path, site.host or address)
    finally:
        pipe.close()
    return Visit(response.status, f"answered {response.status}", last_lines(response.body))


def _introduced(pipe: Pipe, site: Site) -> Pipe:
    """Return the pipe after what precedes a request: the PROXY header, the TLS handshake."""
    pipe.settimeout(VISIT_LIMIT)
    if site.proxied:
        pipe.sendall(PROXY)
    if not site.tls:
        return pipe
    import ssl  # noqa: PLC0415 - it is slow to import

    from composeroll.readiness.tls import TlsPipe  # noqa: PLC0415 - for the same reason

    try:
        return TlsPipe(pipe, site.host)
    except ssl.SSLError as error:
        raise NoAnswerError(f"failed the TLS handshake: {error.reason or 'it closed'}") from error
