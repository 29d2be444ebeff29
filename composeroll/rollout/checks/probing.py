"""Readiness settings that an upstream's protocol cannot serve. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.errors import SettingsError
from composeroll.model import Finding, Severity
from composeroll.readiness.probes import choose
from composeroll.rollout.observing.observed import ServiceState


def probe_findings(state: ServiceState) -> Iterator[Finding]:
    """Refuse readiness settings that the protocol of the service's upstream does not support."""
    if state.wiring is None:
        return
    try:
        choose(state.service.settings.ready, None, state.wiring.route)
    except SettingsError as wrong:
        yield Finding(Severity.REFUSAL, f"{state.name}: {wrong.what}", wrong.help or "")
