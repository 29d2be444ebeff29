"""Findings about what keeps nginx from asking another replica if one fails. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration.configuration import NEXT_UPSTREAM, Configuration
from composeroll.nginx.discovery.discovery import Found


def failover_findings(configuration: Configuration, found: Found) -> tuple[Finding, ...]:
    """Return the findings about the gateway, and about one service's upstream in it."""
    return (*_answered_at_once(configuration), *_never_failed(configuration, found))


def _answered_at_once(configuration: Configuration) -> Iterator[Finding]:
    """Yield a warning for each `…_next_upstream off`.

    With the default, a replica that reset every connection caused no failed GET.
    """
    for name in NEXT_UPSTREAM:
        for directive in configuration.setting(name):
            if directive.args == ("off",):
                yield Finding(
                    Severity.WARNING,
                    f"`{directive}` gives clients the error of one replica, though another could"
                    " answer",
                    f"remove the line {directive.place}: the default is `error timeout`",
                )


def _never_failed(configuration: Configuration, found: Found) -> Iterator[Finding]:
    """Yield a warning for `max_fails=0`, which a rollout keeps.

    When one of two replicas reset its connections, 20 of 40 POSTs got a 502.
    """
    if any("max_fails=0" in server.parameters for server in found.upstream.servers):
        places = (b.place for b in configuration.upstreams if b.upstream == found.upstream)
        yield Finding(
            Severity.WARNING,
            f"`max_fails=0` in upstream {found.upstream.name}: nginx keeps sending requests to a"
            " replica that fails",
            f"remove it from the server lines ({next(places, found.include)})",
        )
