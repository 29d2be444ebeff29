"""An upstream may be a service's by a name that only its gateway knows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.config.project import read_project
from composeroll.errors import Refused
from composeroll.model import Attachment, Replica, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.rollout.survey.look import GatewaySurvey
from tests.unit.rollout.makers import ours, replica
from tests.unit.rollout.test_survey import SomeNginx

PHP = "upstream php { server php:9000; } server { listen 81; location / { fastcgi_pass php; } }"
ELSEWHERE = (Attachment("n2", "shop_back", "10.1.0.1"),)


class Two(SomeNginx):
    """One that names nobody knows whom, and another one in front of the app alone."""

    def __init__(self) -> None:
        super().__init__({"nginx": ("app", 1)}, PHP)
        self._another = SomeNginx({"another": ("app", 1)})

    def runs_in(self, container: Replica) -> bool:
        """In both."""
        return super().runs_in(container) or self._another.runs_in(container)

    def configuration(self, container: Replica) -> Configuration:
        """What each was told."""
        if self._another.runs_in(container):
            return self._another.configuration(container)
        return super().configuration(container)


@pytest.mark.parametrize(
    ("settings", "network", "refused"),
    [
        ({}, "default", True),
        ({"gateway": "nginx"}, "default", True),
        ({"gateway": "none"}, "default", False),
        ({"gateway": "another"}, "default", False),
        ({}, "back", False),
    ],
)
def test_it_is_one_that_the_gateway_can_reach_and_that_the_settings_do_not_deny(
    settings: dict[str, str], network: str, *, refused: bool
) -> None:
    """What nginx sends requests to must not be replaced without a switch."""
    worker = {"networks": {network: None}, **ours(**settings)}
    model = {"app": {}, "nginx": {}, "another": {}, "worker": worker}
    networks = {name: {"name": f"shop_{name}"} for name in ("default", "back")}
    shop = read_project({"name": "shop", "services": model, "networks": networks}, [])
    one = replace(replica(3, of="worker"), exposed=(9000,))
    one = replace(one, networks=ELSEWHERE) if network == "back" else one
    running = (replica(1), replica(2, of="nginx"), one, replica(4, of="another"))
    looked = GatewaySurvey(Two()).look(shop, shop.pick(["worker"]), running, preflight=True)
    place = looked.wirings.get("worker")
    assert isinstance(place, Refused) is refused
    if isinstance(place, Refused):
        assert "is not clear: it names php:9000" in place.what


@pytest.mark.parametrize(
    ("target", "exposed", "refused"),
    [
        ("backend:9000", (8000, 9000), True),
        ("backend:9000", (8000,), False),
        ("backend.example.com:9000", (9000,), False),
        ("localhost:9000", (9000,), False),
        ("10.9.9.9:9000", (9000,), False),
        ("APP:9000", (9000,), False),
        ("$svc:9000", (9000,), False),
        ("backend", (80,), True),
        ("backend:$server_port", (8000,), True),
        ("backend:$server_port", (), False),
    ],
)
def test_a_pass_may_mean_a_service_by_a_name_of_links_as_an_upstream_may(
    target: str, exposed: tuple[int, ...], *, refused: bool
) -> None:
    site = f"server {{ listen 81; location / {{ proxy_pass http://{target}; }} }}"
    shop = read_project({"name": "shop", "services": {"app": {}, "nginx": {}, "worker": {}}}, [])
    worker = replace(replica(3, of="worker"), exposed=exposed)
    survey = GatewaySurvey(SomeNginx({"nginx": ("app", 1)}, site))
    running = (replica(1), replica(2, of="nginx"), worker)
    place = survey.look(shop, shop.pick(["worker"]), running, preflight=True).wirings.get("worker")
    assert isinstance(place, Refused) is refused
    if isinstance(place, Refused):
        assert "it goes straight to backend, which no container" in place.what
        assert "let it name worker itself" in (place.help or "")


def test_what_a_map_says_of_hosts_that_it_does_not_know_is_nobody_s_name() -> None:
    chosen = 'map $host $to { default ""; a.example.com app:9000; }'
    site = f"{chosen} server {{ listen 81; location / {{ proxy_pass http://$to; }} }}"
    shop = read_project({"name": "shop", "services": {"app": {}, "nginx": {}, "worker": {}}}, [])
    running = (replica(1), replica(2, of="nginx"), replace(replica(3, of="worker"), exposed=(80,)))
    survey = GatewaySurvey(SomeNginx({"nginx": ("app", 1)}, site))
    assert not survey.look(shop, shop.pick(["worker"]), running, preflight=True).wirings


@pytest.mark.parametrize(
    ("settings", "refused"),
    [({}, True), ({"gateway": "none"}, False), ({"order": "stop-first"}, False)],
)
def test_a_service_that_nginx_reaches_by_a_port_of_the_host_is_not_to_lose_that_port(
    settings: dict[str, str], *, refused: bool
) -> None:
    """`remove ports` alone would be followed by an nginx that reaches nobody."""
    site = "server { listen 81; location / { proxy_pass http://host.docker.internal:9005; } }"
    model = {"app": {}, "nginx": {}, "api": ours(**settings)}
    shop = read_project({"name": "shop", "services": model}, [])
    api = replace(replica(3, of="api"), published=(9005,))
    survey = GatewaySurvey(SomeNginx({"nginx": ("app", 1)}, site))
    running = (replica(1), replica(2, of="nginx"), api)
    found = survey.look(shop, shop.pick(["api"]), running, preflight=True).unseen["api"]
    assert [one.severity for one in found] == [Severity.REFUSAL] * refused
