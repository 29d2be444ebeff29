"""Ask a gateway for its sites, once each, and note what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from composeroll.model import Attachment, Site, Visit
from composeroll.readiness import http
from composeroll.readiness.answer import AnswerError, NoAnswerError, last_lines
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.pipe import Conversation, Dialer, Pipe

VISIT_LIMIT = 10.0
"""Seconds for one answer; what serves now may itself be slow."""

AT_ONCE = 8

PROXY = b"PROXY UNKNOWN\r\n"
"""The PROXY protocol's line of somebody who will not say who is connecting (haproxy.org, 2.1)."""


class Visits:
    """Asks gateways where they stand."""

    def __init__(self, dialers: Dialers) -> None:
        self._dialers = dialers

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str = "/"
    ) -> Mapping[Site, Visit]:
        """Ask for every site that can be asked at this place.

        Args:
            place: where the gateway is on a network.
            sites: what to ask for.
            via: a container on that network that carries the question where this machine cannot.
            path: what to ask each site for.

        Raises:
            Refused: nothing can connect to that network.
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
    """Its answer, or that it gives none; through a relay a refusal looks like that, too."""
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
    """With everything said that comes before the request."""
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
