"""Services that depend on one with a `provider`, which a rollout does not run. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import ServiceState


def provider_findings(state: ServiceState) -> Iterator[Finding]:
    """Refuse new replicas of a service that depends on one with a `provider`.

    Compose runs a provider with the service's dependencies, and adds the variables that it returns
    to the service's environment (`runPlugin` in its pkg/compose). With `--no-deps` it runs none,
    and without the variables it considers every container outdated.
    """
    for provider in state.service.provided_by:
        yield Finding(
            Severity.REFUSAL,
            f"{state.name} depends on {provider}, which a `provider` makes: new replicas would"
            " start without the variables that it sets",
            f"`docker compose up -d {state.name}`; or, if it sets none, remove {provider} from"
            f" services.{state.name}.depends_on",
        )
