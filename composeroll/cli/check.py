"""`composeroll check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from composeroll.cli.looking import look, looking_options
from composeroll.errors import ExitCode
from composeroll.model import Finding, Replica, Severity
from composeroll.report.printer import Printer
from composeroll.rollout.stack import Stack


@click.command()
@looking_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Find everything that could go wrong in a rollout, beforehand; exit 3 if it would be refused.

    Each finding comes with its reason and the line to change. Nothing is touched.
    """
    printer = Printer(sys.stdout, os.environ, as_json=options["as_json"])

    def answer(stack: Stack, services: tuple[str, ...]) -> int:
        from composeroll.rollout.checks.checkouts import checkouts  # noqa: PLC0415 - late
        from composeroll.rollout.checks.forgotten import forgotten  # noqa: PLC0415 - late
        from composeroll.rollout.checks.memory import room  # noqa: PLC0415 - late
        from composeroll.rollout.checks.offered import offered  # noqa: PLC0415 - late
        from composeroll.rollout.checks.preflight import findings, once  # noqa: PLC0415 - late
        from composeroll.rollout.checks.traps import traps  # noqa: PLC0415 - late
        from composeroll.rollout.observe import observe  # noqa: PLC0415 - late
        from composeroll.rollout.outgoing import outgoing  # noqa: PLC0415 - late

        picked = stack.project.pick(services)
        observed = observe(stack.project, picked, stack.engine, stack.survey)
        everyone = stack.engine.replicas()
        used = stack.host_memory.memory_used_by([r.id for r in everyone if r.running])
        found = (
            *findings(observed, stack.locate, outgoing(observed)),
            *forgotten(observed, stack.book.gateway),
            *offered(stack.images.unavailable(picked)),
            *room(observed, used, stack.host_memory.memory_left()),
            *traps(stack.project, observed, everyone, stack.locate),
            *(f for state in observed.services for f in checkouts(state, stack.directory)),
        )
        found = once(found)
        known = {finding.what for finding in found}
        found += tuple(f for f in _of_gateways(stack, everyone) if f.what not in known)
        printer.findings(found)
        refused = any(finding.severity is Severity.REFUSAL for finding in found)
        return ExitCode.REFUSED if refused else ExitCode.DONE

    return look(context, options, answer)


def _of_gateways(stack: Stack, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """What would be better about the gateways, whether or not they are asked for."""
    from composeroll.rollout.checks.gateway import recommended  # noqa: PLC0415 - late

    services = stack.project.services
    fronts = stack.survey.fronts(stack.project, tuple(services.values()), everyone)
    return recommended(fronts, services)
