"""What in the gateway's configuration would lose requests at a reload, as data. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration import Configuration
from composeroll.nginx.durations import seconds
from composeroll.nginx.version import KEEPALIVE_MIN_TIMEOUT


def reload_findings(configuration: Configuration, drain_timeout: float) -> tuple[Finding, ...]:
    """What holds for the whole gateway; `drain_timeout` in seconds."""
    return (*_keepalive(configuration), *_shutdown(configuration, drain_timeout))


def _keepalive(configuration: Configuration) -> Iterator[Finding]:
    """Drops per 30 reloads with the default: 70 on 1.26.3, 27 on 1.30.6; 0 with either setting."""
    zero = any(seconds(d.args[0]) == 0 for d in configuration.setting("keepalive_timeout"))
    new = configuration.version >= KEEPALIVE_MIN_TIMEOUT
    if zero or (new and configuration.setting("keepalive_min_timeout")):
        return
    directive = "keepalive_min_timeout 5s;" if new else "keepalive_timeout 0;"
    yield Finding(
        Severity.WARNING,
        "a reload closes idle keep-alive connections that a client may be about to use again",
        f"write `{directive}` into the http block of {configuration.main}",
    )


def _shutdown(configuration: Configuration, drain_timeout: float) -> Iterator[Finding]:
    for directive in configuration.setting("worker_shutdown_timeout"):
        limit = seconds(directive.args[0])
        if limit is not None and limit < drain_timeout:
            yield Finding(
                Severity.WARNING,
                f"{directive} cuts requests that outlive a reload by that much",
                f"take the line {directive.place} out, or give it {drain_timeout:g}s or more",
            )
