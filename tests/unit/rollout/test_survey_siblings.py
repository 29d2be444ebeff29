"""Of several nginx of one service all are told, or nothing is done behind them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from composeroll.errors import GatewayUnread, Refused
from composeroll.model import ContainerState, Replica, Severity
from composeroll.rollout.observing.observed import Places, Wiring
from composeroll.rollout.survey.look import PATIENCE, GatewaySurvey
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import replica
from tests.unit.rollout.test_survey import SomeNginx, project

APP, FIRST, SECOND = replica(1), replica(2, of="nginx"), replica(3, of="nginx")


class Starting(SomeNginx):
    """An nginx in every container of the service, in the second one from some second on.

    Attributes:
        since: that second.
        quitting: it is not going to be there: it was told to quit.
    """

    def __init__(self, since: float, *, quitting: bool = False) -> None:
        super().__init__({"nginx": ("app", 1)})
        self.clock, self.since, self._quitting = VirtualClock(), since, quitting

    def runs_in(self, container: Replica) -> bool:
        """Whether it has begun."""
        begun = container.id != SECOND.id or self.clock.now() >= self.since
        return super().runs_in(container) and begun

    def quits(self, container: Replica) -> bool:
        """The second one may."""
        return self._quitting and container.id == SECOND.id

    def places(
        self,
        service: str,
        running: Sequence[Replica] = (APP, FIRST, SECOND),
        *,
        preflight: bool = True,
    ) -> Places:
        """Where a service stands."""
        shop = project("app", "nginx")
        survey = GatewaySurvey(self, self.clock)
        return survey.look(shop, shop.pick([service]), running, preflight=preflight)


@pytest.mark.parametrize("since", [0.0, 0.6, PATIENCE - 1])
def test_one_that_is_just_starting_is_waited_for_and_told(since: float) -> None:
    nginx = Starting(since)
    place = nginx.places("app").wirings["app"]
    assert isinstance(place, Wiring)
    assert place.route.containers == (FIRST.id, SECOND.id)
    assert nginx.clock.now() == pytest.approx(since, abs=0.3)


def test_one_that_does_not_start_keeps_what_it_would_send_requests_to_as_it_is() -> None:
    nginx = Starting(1e9)
    place = nginx.places("app").wirings["app"]
    assert isinstance(place, GatewayUnread)
    assert place.what.startswith("shop-nginx-3 runs no nginx yet")
    assert nginx.clock.now() == pytest.approx(PATIENCE, abs=0.3)
    assert nginx.places("nginx").fronts["nginx"].behind.keys() == {"app"}


def test_one_that_was_waited_for_in_vain_is_waited_for_again_only_when_it_was_started_again() -> (
    None
):
    nginx = Starting(1e9)
    survey = GatewaySurvey(nginx, nginx.clock)
    for starts, waited in (("1", 1), ("1", 1), ("2", 2), ("2", 2)):
        running = (APP, FIRST, replace(SECOND, started_at=starts))
        shop = project("app", "nginx")
        place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]
        assert isinstance(place, GatewayUnread)
        assert nginx.clock.now() == pytest.approx(waited * PATIENCE, abs=0.3 * waited)


def test_one_that_was_waited_for_in_vain_and_begins_after_all_is_like_any_other() -> None:
    nginx = Starting(PATIENCE + 1)
    survey, shop = GatewaySurvey(nginx, nginx.clock), project("app", "nginx")

    def place() -> Wiring | Refused:
        running = (APP, FIRST, SECOND)
        return survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]

    assert isinstance(place(), GatewayUnread)
    nginx.clock.wait(1.0)
    assert isinstance(place(), Wiring)
    nginx.since = nginx.clock.now() + 1.0
    assert isinstance(place(), Wiring), "the engine could not look into it for a moment"


def test_one_that_does_not_start_keeps_no_upstream_of_the_others_from_being_mended() -> None:
    place = Starting(1e9).places("app", preflight=False).wirings["app"]
    assert isinstance(place, Wiring)
    assert place.route.containers == (FIRST.id,)


def test_one_that_quits_is_not_waited_for() -> None:
    nginx = Starting(1e9, quitting=True)
    place = nginx.places("app").wirings["app"]
    assert isinstance(place, Wiring)
    assert (place.route.containers, nginx.clock.now()) == ((FIRST.id,), 0.0)


def test_one_that_does_not_run_is_told_of() -> None:
    down = replica(3, of="nginx", state=ContainerState.EXITED)
    place = Starting(0.0).places("app", (APP, FIRST, down)).wirings["app"]
    assert isinstance(place, Wiring)
    (finding,) = place.findings
    assert finding.severity is Severity.WARNING
    assert finding.what.startswith("shop-nginx-3 does not run, so nginx there is not told")
    assert finding.help == (
        "`docker rm shop-nginx-3`; or `composeroll sync app` once nginx runs there"
    )
