"""Whether and which access logs of nginx show how an upstream's replicas answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration.access_logs import OFF, AccessLog
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.passes import Pass
from composeroll.nginx.configuration.upstreams import Context

SUGGESTED_FORMAT = (
    'log_format upstreams \'$remote_addr [$time_local] "$request" $status'
    " $upstream_addr $upstream_status';"
)
"""A short format that shows which server answered and how, along with what people read."""


class Visibility(Struct, frozen=True):
    """How the answers of an upstream can be seen.

    Attributes:
        logs: the logs that show them.
        hidden: why a pass's answers cannot be judged, one sentence per reason.
    """

    logs: tuple[AccessLog, ...] = ()
    hidden: tuple[str, ...] = ()


def visibility(configuration: Configuration, upstream: str) -> Visibility:
    """Return which logs show the answers of this upstream's servers well enough to judge them."""
    uses = [p for p in configuration.passes if p.uses(upstream, Context.HTTP)]
    if not uses:
        return Visibility(hidden=(f"nginx passes no HTTP requests to upstream {upstream}",))
    logs: dict[tuple[str, str], AccessLog] = {}
    hidden: list[str] = []
    for use in uses:
        in_force = configuration.logs.get(use.place, ())
        usable = [log for log in in_force if not _why_unusable(configuration, log, upstream)]
        for log in usable[:1]:
            logs[log.target, log.form.name if log.form else ""] = log
        if not usable:
            hidden += [_why_unusable(configuration, log, upstream) for log in in_force]
    return Visibility(tuple(logs.values()), tuple(dict.fromkeys(hidden)))


def visibility_findings(configuration: Configuration, upstream: str) -> tuple[Finding, ...]:
    """Return what keeps `monitor` from seeing 5xx answers, with the line that would show them."""
    seen = visibility(configuration, upstream)
    return (*_hidden(configuration, seen), *_late(seen))


def _hidden(configuration: Configuration, seen: Visibility) -> Iterator[Finding]:
    severity = Severity.NOTE if seen.logs else Severity.WARNING
    line = f"`{SUGGESTED_FORMAT} access_log /dev/stdout upstreams;`"
    for why in seen.hidden:
        yield Finding(
            severity,
            f"5xx answers cannot be monitored: {why}",
            f"write {line} into the http block of {configuration.main}",
        )


def _late(seen: Visibility) -> Iterator[Finding]:
    for log in seen.logs:
        if log.late:
            what = f"{log} is written only when its buffer is full, so 5xx answers are seen late"
            yield Finding(Severity.WARNING, what, "add flush=1s to it")


def _why_unusable(configuration: Configuration, log: AccessLog, upstream: str) -> str:
    """Return why a log does not show how this upstream's servers answer, empty if it does."""
    if log.target == OFF:
        return f"{log} keeps no log of requests to {upstream}"
    if not log.target.startswith("/") or "$" in log.target:
        return f"{log} is not a file with a fixed name in the gateway"
    if log.compressed or log.partial:
        return f"{log} is compressed" if log.compressed else f"{log} leaves requests out (`if=`)"
    variables = log.form.variables if log.form else frozenset()
    if not variables & {"status", "upstream_status"}:
        return f"the format of {log} holds no $status"
    if "upstream_addr" in variables or _is_own(configuration, log, upstream):
        return ""
    return f"the format of {log} holds no $upstream_addr, and other upstreams are logged there too"


def _is_own(configuration: Configuration, log: AccessLog, upstream: str) -> bool:
    """Return whether all passes that write to the log use this upstream."""
    sharing = (p for p in configuration.passes if _writes(configuration, p, log))
    return all(use.uses(upstream, Context.HTTP) for use in sharing)


def _writes(configuration: Configuration, use: Pass, log: AccessLog) -> bool:
    return log.target in {other.target for other in configuration.logs.get(use.place, ())}
