"""All that `check` reports: an update's findings, and those that only matter in advance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Replica
from composeroll.rollout.checks.checkouts import checkout_findings
from composeroll.rollout.checks.gateway import boot_findings, recommendations
from composeroll.rollout.checks.memory import memory_findings
from composeroll.rollout.checks.preflight import merged, preflight_findings
from composeroll.rollout.checks.stopped_gateways import stopped_gateway_findings
from composeroll.rollout.checks.traps import trap_findings
from composeroll.rollout.checks.unavailable_images import image_findings
from composeroll.rollout.checks.unset_variables import unset_variable_findings
from composeroll.rollout.observing.observe import observe
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.stack import Stack


def all_findings(stack: Stack, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return what could go wrong in a rollout of these services. Nothing is changed.

    Raises:
        ComposerollError: the engine or nginx cannot be read.
    """
    services = stack.project.to_roll(names)
    observed = observe(stack.project, services, stack.engine, stack.survey)
    leaving = outgoing(observed)
    everyone = stack.engine.replicas()
    used = stack.host.memory_used_by([r.id for r in everyone if r.running])
    found = merged(
        (
            *preflight_findings(observed, stack.locate, leaving, ahead=True),
            *stopped_gateway_findings(observed, stack.book.gateway),
            *unset_variable_findings(stack.project),
            *image_findings(stack.images.unavailable(services)),
            *memory_findings(observed, used, stack.host.memory_left()),
            *trap_findings(stack.project, observed, everyone, stack.locate, leaving),
            *(f for state in observed.services for f in checkout_findings(state, stack.directory)),
        )
    )
    known = {finding.what for finding in found}
    return (*found, *(f for f in _of_gateways(stack, everyone) if f.what not in known))


def _of_gateways(stack: Stack, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """Yield warnings and recommendations about all gateways, whether or not they are named."""
    services = stack.project.services
    places = stack.survey.look(stack.project, tuple(services.values()), everyone, preflight=True)
    yield from recommendations(places.fronts, services)
    yield from boot_findings(places.fronts, stack.host.engine_version())
