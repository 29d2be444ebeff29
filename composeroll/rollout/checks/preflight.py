"""Find everything in a snapshot that would hurt a rollout, before anything changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from composeroll.config.lifecycle import PRE_START
from composeroll.errors import Refused
from composeroll.model import ContainerState, Finding, Locate, Severity
from composeroll.rollout.checks.doubling import doubling_findings, shared_data_findings
from composeroll.rollout.checks.gateway import gateway_findings, shared_gap_findings
from composeroll.rollout.checks.limits import limit_findings
from composeroll.rollout.checks.neighbours import namespace_guest_findings, volume_user_findings
from composeroll.rollout.checks.probing import probe_findings
from composeroll.rollout.checks.providers import provider_findings
from composeroll.rollout.checks.redefined import redefinition_findings
from composeroll.rollout.checks.scale import scale_findings
from composeroll.rollout.checks.template import template_findings
from composeroll.rollout.checks.volumes import anonymous_volume_findings
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.need import Need

NOT_SCALED: Mapping[str, int] = {}


def preflight_findings(
    observed: Observed,
    locate: Locate,
    leaving: Collection[str] = (),
    counts: Mapping[str, int] = NOT_SCALED,
    *,
    ahead: bool = False,
) -> tuple[Finding, ...]:
    """Return what would prevent or hurt a rollout, the refusals first.

    A data store or an nginx that is up to date is not refused, so that a nightly `update --all`
    can run.

    Args:
        observed: the snapshot.
        locate: returns where a key is in the compose file.
        leaving: full IDs of the replicas that would have to go.
        counts: how many replicas the user asked for, by service.
        ahead: whether to report services that cannot run twice even if nothing of them is replaced
            now.
    """
    alone = len(observed.services) == 1
    found = [
        finding.about(state.name)
        for state in observed.services
        for finding in _of_service(
            state, _Case(observed.project, leaving, counts.get(state.name), ahead, alone), locate
        )
    ]
    found += shared_gap_findings(observed)
    found += redefinition_findings(observed)
    found += template_findings(observed)
    return tuple(sorted(merged(found), key=lambda f: f.severity is not Severity.REFUSAL))


def merged(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge equal findings; one that concerns several services is about none in particular."""
    kept: dict[Finding, Finding] = {}
    for finding in found:
        said = finding.about("")
        before = kept.setdefault(said, finding)
        if before.service != finding.service:
            kept[said] = said
    return tuple(kept.values())


def refuse(observed: Observed, found: Sequence[Finding]) -> None:
    """Raise if a finding forbids the rollout.

    Raises:
        Refused: with every refusal and its fix.
    """
    for state in observed.services:
        if state.refusal:
            raise state.refusal
    refusals = [f for f in found if f.severity is Severity.REFUSAL]
    if refusals:
        first, *others = refusals
        evidence = tuple(f"{f.what}: {f.help}" if f.help else f.what for f in others)
        raise Refused(first.what, "nothing was touched", first.help or None, evidence)


class _Case(NamedTuple):
    """What a rollout would do with one service."""

    project: str
    leaving: Collection[str]
    asked: int | None
    ahead: bool
    alone: bool

    def doubles(self, state: ServiceState) -> bool:
        """Return whether the rollout creates or removes replicas, now or later."""
        need = Need.of(state, dict.fromkeys(self.leaving, ""), self.asked)
        return self.ahead or bool(need.missing or need.outgoing)

    def replaces(self, state: ServiceState) -> bool:
        """Return whether replicas of the service have to go now."""
        return any(replica.id in self.leaving for replica in state.replicas)

    def gap(self, state: ServiceState) -> str:
        """Return how to accept a gap for this service; a flag would apply to all that are named."""
        flag = "--order stop-first, or " if self.alone else ""
        return f"accept a gap with {flag}services.{state.name}.x-composeroll.order: stop-first"


def _of_service(state: ServiceState, case: _Case, locate: Locate) -> Iterator[Finding]:
    doubles, gap = case.doubles(state), case.gap(state)
    if state.refusal:
        yield Finding(Severity.REFUSAL, state.refusal.what, state.refusal.help or "")
    yield from _paused(state)
    if case.replaces(state):
        yield from _skipped_pre_start(state, gap)
    yield from state.wiring.findings if state.wiring else state.unseen
    yield from probe_findings(state)
    yield from volume_user_findings(state)
    yield from gateway_findings(state, case.leaving, doubled=doubles)
    if doubles:
        yield from provider_findings(state)
        yield from shared_data_findings(state, gap)
        yield from doubling_findings(state, case.asked, locate, gap)
    yield from scale_findings(state, case.asked, locate)
    if case.ahead or case.replaces(state):
        yield from namespace_guest_findings(state)
    yield from limit_findings(case.project, state, case.leaving, case.asked, locate)
    yield from anonymous_volume_findings(state, case.leaving)


def _paused(state: ServiceState) -> Iterator[Finding]:
    for replica in state.replicas:
        if replica.state is ContainerState.PAUSED:
            what = f"{replica.name} is paused, and compose cannot scale a service with a paused one"
            yield Finding(Severity.REFUSAL, what, f"docker unpause {replica.name}")


def _skipped_pre_start(state: ServiceState, gap: str) -> Iterator[Finding]:
    """Refuse a rollout that would skip `pre_start`, which compose does not run beside old replicas.

    Scaling up only is not refused: compose skips it there on purpose. A service with a
    `container_name` is refused for that, or compose recreates it.
    """
    service = state.service
    alone = state.stops_first or state.data_only or service.has_container_name
    if PRE_START not in service.done_at_start or alone or not state.serving:
        return
    yield Finding(
        Severity.REFUSAL,
        f"compose runs the pre_start of {state.name} only if none of its containers runs:"
        " new ones beside the old ones would start without it",
        "make it a separate service, name it in the same rollout, and let"
        f" {state.name} depend on it with `condition: service_completed_successfully`; or {gap}",
    )
