"""Findings about settings of the gateway that lose requests, or delay drains, at a reload. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.durations import seconds
from composeroll.nginx.configuration.version import KEEPALIVE_MIN_TIMEOUT

PATIENT = 5.0
"""Seconds; a connection within a host takes milliseconds, or a second if a packet is lost."""

_HTTP = frozenset({"proxy", "fastcgi", "uwsgi", "grpc"})


def reload_findings(configuration: Configuration, drain_timeout: float) -> tuple[Finding, ...]:
    """Return the findings about the whole gateway; `drain_timeout` is in seconds."""
    return (
        *_keepalive(configuration),
        *_shutdown(configuration, drain_timeout),
        *_connecting(configuration),
        *_lingering(configuration),
    )


def _keepalive(configuration: Configuration) -> Iterator[Finding]:
    idle = configuration.idle
    if not (idle.behind if idle.passes else idle.closed):
        return
    new = configuration.version >= KEEPALIVE_MIN_TIMEOUT
    directive = "keepalive_min_timeout 5s;" if new else "keepalive_timeout 0;"
    some = not idle.closed
    after = f", after requests of {idle.behind[0]}" if some else ""
    block = (
        f"the block around {idle.behind[0]}" if some else f"the http block of {configuration.main}"
    )
    yield Finding(
        Severity.WARNING,
        f"a reload closes idle connections that a client may be about to reuse{after}",
        f"write `{directive}` into {block}",
    )


def _shutdown(configuration: Configuration, drain_timeout: float) -> Iterator[Finding]:
    for directive in configuration.setting("worker_shutdown_timeout"):
        limit = seconds(directive.args[0])
        if limit is not None and limit < drain_timeout:
            yield Finding(
                Severity.WARNING,
                f"{directive} cuts requests that last longer than that after a reload",
                f"remove the line {directive.place}, or give it {drain_timeout:g}s or more",
            )


def _connecting(configuration: Configuration) -> Iterator[Finding]:
    """Yield a note for each protocol without a short connect timeout.

    An address that no container had any more stalled requests for 3.1 s; with 1s, for 1.0 s.
    """
    used = {one.directive.removesuffix("_pass") for one in configuration.passes}
    for protocol in sorted(used & _HTTP):
        name = f"{protocol}_connect_timeout"
        limits = [seconds(directive.args[0]) for directive in configuration.setting(name)]
        if not any(limit is not None and limit <= PATIENT for limit in limits):
            yield Finding(
                Severity.NOTE,
                "a request to a replica whose host has vanished waits for up to a minute before"
                " nginx asks another",
                f"write `{name} 2s;` into the http block of {configuration.main}",
            )


def _lingering(configuration: Configuration) -> Iterator[Finding]:
    """Yield notes on what makes drains wait for connections to other services.

    Whose connections old workers hold is not always known: drains then wait for all of them.
    """
    pairing = configuration.pairing
    for place in pairing.websockets:
        yield Finding(
            Severity.NOTE,
            f"an open websocket through {place} holds every drain up to its timeout: from outside"
            " it looks like a request whose client may send another one",
            "write `keepalive_timeout 0;` into that location",
        )
    if pairing.blind:
        what = f"drains wait for every open connection, be it to another service: {pairing.blind}"
        yield Finding(Severity.NOTE, what, "")
