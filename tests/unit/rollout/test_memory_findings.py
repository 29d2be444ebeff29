"""Whether old and new replicas fit beside each other."""

from __future__ import annotations

from composeroll.model import Severity
from composeroll.rollout.checks.memory import MEBI, memory_findings
from composeroll.rollout.observing.observed import Observed
from tests.unit.rollout.makers import ours, replica, service, state

REPLICAS = [replica(1), replica(2), replica(3)]
USED = {r.id: 100 * MEBI for r in REPLICAS}


def test_a_service_that_fits_beside_itself_is_not_mentioned() -> None:
    assert memory_findings(Observed("shop", (state(REPLICAS),)), USED, 300 * MEBI) == ()


def test_docker_rollout_66_a_doubling_that_would_not_fit_names_the_batch_that_does() -> None:
    (found,) = memory_findings(Observed("shop", (state(REPLICAS),)), USED, 250 * MEBI)
    assert found.severity is Severity.WARNING
    assert found.what == "3 more of app need about 300 MiB, and the host has 250 MiB left"
    assert found.help == "services.app.x-composeroll.batch: 2, or --batch 2"


def test_a_batch_that_fits_is_not_mentioned() -> None:
    batched = state(REPLICAS, of=service(**ours(batch=1)))
    assert memory_findings(Observed("shop", (batched,)), USED, 150 * MEBI) == ()


def test_where_not_even_one_fits_a_gap_is_what_is_left() -> None:
    (found,) = memory_findings(Observed("shop", (state(REPLICAS),)), USED, 50 * MEBI)
    assert "--order stop-first" in found.help


def test_who_stops_first_needs_nothing_more() -> None:
    first = state(REPLICAS, of=service(**ours(order="stop-first")))
    assert memory_findings(Observed("shop", (first,)), USED, 0) == ()


def test_the_greatest_replica_tells_what_a_new_one_may_need() -> None:
    used = USED | {REPLICAS[0].id: 200 * MEBI}
    (found,) = memory_findings(Observed("shop", (state(REPLICAS),)), used, 500 * MEBI)
    assert found.what.startswith("3 more of app need about 600 MiB")


def test_a_limit_beyond_what_is_left_is_a_note_while_todays_use_fits() -> None:
    limited = state(REPLICAS, of=service(mem_limit="209715200"))
    (note,) = memory_findings(Observed("shop", (limited,)), USED, 450 * MEBI)
    assert note.severity is Severity.NOTE
    assert note.what.startswith("3 more of app may use 600 MiB, as their limit allows")
    assert "--batch 2" in note.help
    assert memory_findings(Observed("shop", (limited,)), USED, 600 * MEBI) == ()


def test_services_that_fit_one_by_one_and_not_in_one_update_are_noted() -> None:
    web = [replica(4, of="web")]
    both = (state(REPLICAS), state(web, of=service("web")))
    used = USED | {web[0].id: 100 * MEBI}
    (note,) = memory_findings(Observed("shop", both), used, 350 * MEBI)
    assert note.severity is Severity.NOTE
    assert note.what.startswith("one update of app, web needs about 400 MiB")
    assert memory_findings(Observed("shop", both), used, 400 * MEBI) == ()
