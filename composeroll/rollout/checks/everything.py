"""All that `check` reports: an update's findings, and those that only matter in advance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Replica
from composeroll.rollout.checks.blanks import blanks
from composeroll.rollout.checks.checkouts import checkouts
from composeroll.rollout.checks.forgotten import forgotten
from composeroll.rollout.checks.gateway import given_up_at_boot, recommended
from composeroll.rollout.checks.memory import room
from composeroll.rollout.checks.offered import offered
from composeroll.rollout.checks.preflight import findings, once
from composeroll.rollout.checks.traps import traps
from composeroll.rollout.observe import observe
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.stack import Stack


def everything(stack: Stack, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return what could go wrong in a rollout of these services. Nothing is changed.

    Raises:
        ComposerollError: the engine or nginx cannot be read.
    """
    services = stack.project.to_roll(names)
    observed = observe(stack.project, services, stack.engine, stack.survey)
    leaving = outgoing(observed)
    everyone = stack.engine.replicas()
    used = stack.host.memory_used_by([r.id for r in everyone if r.running])
    found = once(
        (
            *findings(observed, stack.locate, leaving, ahead=True),
            *forgotten(observed, stack.book.gateway),
            *blanks(stack.project),
            *offered(stack.images.unavailable(services)),
            *room(observed, used, stack.host.memory_left()),
            *traps(stack.project, observed, everyone, stack.locate, leaving),
            *(f for state in observed.services for f in checkouts(state, stack.directory)),
        )
    )
    known = {finding.what for finding in found}
    return (*found, *(f for f in _of_gateways(stack, everyone) if f.what not in known))


def _of_gateways(stack: Stack, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """Yield warnings and recommendations about all gateways, whether or not they are named."""
    services = stack.project.services
    places = stack.survey.look(stack.project, tuple(services.values()), everyone, preflight=True)
    yield from recommended(places.fronts, services)
    yield from given_up_at_boot(places.fronts, stack.host.engine_version())
