"""Before a rollout: observe the services, and refuse what would fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.config.project import Service
from composeroll.model import Severity
from composeroll.report.events import Phase, Warned
from composeroll.rollout.applying.announce import names, phase
from composeroll.rollout.checks.preflight import NOT_SCALED, preflight_findings, refuse
from composeroll.rollout.checks.stopped_gateways import stopped_gateway_findings
from composeroll.rollout.checks.unset_variables import unset_variable_findings
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observe import observe
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.outgoing import Reasons
from composeroll.rollout.stack import Stack


def look(stack: Stack, services: Sequence[Service], *, preflight: bool = True) -> Observed:
    """Observe, as a phase; with `preflight` compose is asked what scaling up would break."""
    with phase(stack, Phase.OBSERVE, f"observe {names(services)}"):
        return observe(stack.project, services, stack.engine, stack.survey, preflight=preflight)


def look_quietly(stack: Stack, services: Sequence[Service]) -> Observed:
    """Observe without a phase in the output, since mostly nothing follows from it."""
    return observe(stack.project, services, stack.engine, stack.survey, preflight=False)


def pass_preflight(
    stack: Stack, observed: Observed, leaving: Reasons, counts: Mapping[str, int] = NOT_SCALED
) -> None:
    """Refuse what would fail, and warn of what will cause trouble; `check` adds notes.

    Args:
        stack: gets the warnings as events.
        observed: the observation.
        leaving: the outgoing replicas.
        counts: the number of replicas asked for, by service, if any was.

    Raises:
        Refused: with every refusal and what to do about it.
    """
    found = (
        *preflight_findings(observed, stack.locate, leaving, counts),
        *stopped_gateway_findings(observed, stack.book.gateway),
        *unset_variable_findings(stack.project),
    )
    refuse(observed, found)
    for finding in (f for f in found if f.severity is Severity.WARNING):
        stack.world.emit(Warned(": ".join(filter(None, (finding.what, finding.help)))))


def intent_of(observed: Observed, outgoing: Reasons, counts: Mapping[str, int]) -> Intent:
    """Return the notes that the next run needs if this one breaks off."""
    return Intent(outgoing, counts, before=observed.containers())
