"""An nginx that rejects its files, and serves on, concerns nobody but those it serves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.config.project import read_project
from composeroll.errors import GatewayUnread
from composeroll.model import Attachment, ContainerState, Replica, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.rollout.observing.observed import Places, Wiring
from composeroll.rollout.survey.look import GatewaySurvey
from tests.unit.rollout.makers import ours, replica
from tests.unit.rollout.test_survey import SomeNginx, project


class Rejecting(SomeNginx):
    """An nginx in front of the app, and one that serves on and rejects its files as they are."""

    def __init__(self, *others: str, broken: str = "nginx-pages") -> None:
        places = {"nginx": ("app", 1), "nginx-pages": ("api", 4)}
        super().__init__({name: places[name] for name in ("nginx-pages", *others)})
        self._broken = broken

    def configuration(self, container: Replica) -> Configuration:
        """What it was told, or why it cannot be told anything."""
        if self._broken in (container.service, container.name):
            what = f'host not found in upstream "api" in {container.name}'
            raise GatewayUnread(what, help="mend the file that it names")
        return super().configuration(container)


PAGES = (
    replica(1),
    replica(2, of="nginx"),
    replica(3, of="nginx-pages"),
    replica(4, of="api", state=ContainerState.RESTARTING),
)


def behind(nginx: SomeNginx, service: str, *, preflight: bool = True, **settings: str) -> Places:
    """Where a service of the four stands."""
    names = ("app", "api", "nginx", "nginx-pages")
    model = {name: {**(ours(**settings) if name == service else {})} for name in names}
    shop = read_project({"name": "shop", "services": model}, [])
    return GatewaySurvey(nginx).look(shop, shop.pick([service]), PAGES, preflight=preflight)


def test_an_nginx_that_rejects_its_files_is_no_reason_to_refuse_what_another_one_has() -> None:
    place = behind(Rejecting("nginx"), "app").wirings["app"]
    assert isinstance(place, Wiring)
    (finding,) = place.findings
    assert (finding.severity, finding.help) == (Severity.WARNING, "mend the file that it names")
    assert finding.what == (
        "whether nginx in nginx-pages sends requests to app too is not known:"
        ' host not found in upstream "api" in shop-nginx-pages-3'
    )


@pytest.mark.parametrize(
    ("service", "settings", "refused"),
    [
        ("api", {}, True),
        ("api", {"gateway": "none"}, False),
        ("app", {"gateway": "nginx-pages"}, True),
        ("app", {"gateway": "nginx"}, False),
        ("api", {"gateway": "nginx"}, False),
        ("nginx-pages", {}, True),
        ("nginx", {}, False),
    ],
)
@pytest.mark.parametrize("preflight", [True, False])
def test_it_is_a_reason_to_refuse_what_it_may_be_the_only_one_in_front_of(
    service: str, settings: dict[str, str], *, refused: bool, preflight: bool
) -> None:
    place = behind(Rejecting("nginx"), service, preflight=preflight, **settings).wirings.get(
        service
    )
    assert isinstance(place, GatewayUnread) is refused
    if isinstance(place, GatewayUnread):
        assert place.what.startswith("host not found")
        assert (place.help or "").startswith("mend the file that it names")


def test_it_concerns_nobody_whom_it_cannot_reach() -> None:
    model = {"app": {}, "api": {"networks": {"back": None}}, "nginx": {}, "nginx-pages": {}}
    networks = {name: {"name": f"shop_{name}"} for name in ("default", "back")}
    shop = read_project({"name": "shop", "services": model, "networks": networks}, [])
    apart = replace(PAGES[3], networks=(Attachment("n2", "shop_back", "10.1.0.4"),))
    survey = GatewaySurvey(Rejecting("nginx"))
    looked = survey.look(shop, shop.pick(["api"]), (*PAGES[:3], apart), preflight=True)
    assert not looked.wirings.get("api")


def test_a_service_that_only_gets_requests_may_have_an_nginx_that_rejects_its_files() -> None:
    both = SomeNginx({"nginx": ("nginx-pages", 3)})

    class Inner(Rejecting):
        def configuration(self, container: Replica) -> Configuration:
            if container.service == "nginx":
                return both.configuration(container)
            return super().configuration(container)

    place = behind(Inner("nginx"), "nginx-pages").wirings["nginx-pages"]
    assert isinstance(place, Wiring)


def test_where_no_other_nginx_can_be_read_nobody_knows_anything() -> None:
    with pytest.raises(GatewayUnread, match="host not found"):
        behind(Rejecting(), "app")
    assert not behind(Rejecting(), "app", gateway="none").wirings


def test_a_gateway_is_told_in_all_of_its_containers_or_not_at_all() -> None:
    another = replica(5, of="nginx", name="broken")
    names = ("app", "nginx", "nginx-pages")
    shop = project(*names)
    survey = GatewaySurvey(Rejecting("nginx", broken="broken"))
    running = (*PAGES[:3], another)
    place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]
    assert isinstance(place, GatewayUnread)
    assert place.what.endswith("in broken")
