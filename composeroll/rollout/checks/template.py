"""Check that users' own templates render usable includes, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.errors import SettingsError
from composeroll.model import Finding, Severity, Upstream
from composeroll.nginx.include import EXAMPLE, parse_include, render_include, with_servers
from composeroll.rollout.observing.observed import Observed, ServiceState


def template_findings(observed: Observed) -> tuple[Finding, ...]:
    """Refuse each unusable template: the rollout would otherwise fail only at the switch."""
    return tuple(f for state in observed.services for f in _of_service(observed.project, state))


def _of_service(project: str, state: ServiceState) -> Iterator[Finding]:
    if state.wiring is None or state.wiring.route.template is None:
        return
    template = state.wiring.route.template
    upstream = with_servers(state.wiring.upstream, EXAMPLE)
    try:
        text = render_include(upstream, project, state.name, template)
    except SettingsError as error:
        yield _refusal(error.what, state)
        return
    if not _is_named(upstream, parse_include(text)):
        yield _refusal(
            f"the template {template} does not render upstream {upstream.name} with all of its"
            " servers",
            state,
        )


def _is_named(upstream: Upstream, read: Upstream | None) -> bool:
    return read is not None and read.name == upstream.name and read.addresses >= upstream.addresses


def _refusal(what: str, state: ServiceState) -> Finding:
    key = f"services.{state.name}.x-composeroll.template"
    return Finding(Severity.REFUSAL, what, f"fix it, or remove {key}")
