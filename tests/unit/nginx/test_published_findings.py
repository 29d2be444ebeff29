"""A service that nginx reaches by a port of the host cannot have a second replica there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Attachment, Severity
from composeroll.nginx.findings.published import published_findings
from tests.unit.nginx.made import configured, replica, subject

PUBLISHED = subject(replica("redis", 2, "10.0.0.6"), own=replace(replica(), published=(9005,)))
BRIDGED = replica("nginx", 3, "10.0.0.7")
ON_HOST = replace(BRIDGED, networks=(Attachment("h", "host"),))


@pytest.mark.parametrize(
    ("host", "bridged", "on_host"),
    [
        ("host.docker.internal:9005", True, True),
        ("HOST.Docker.internal.:9005", True, True),
        ("LocalHost:9005", False, True),
        ("10.0.0.1:9005", True, True),
        ("172.17.0.1:9005", True, True),
        ("192.168.1.20:9005", True, True),
        ("127.0.0.1:9005", False, True),
        ("localhost:9005", False, True),
        ("[::1]:9005", False, True),
        ("127.0.0.1:9000", False, False),
        ("10.0.0.6:9005", False, False),
        ("8.8.8.8:9005", False, False),
        ("redis:9005", False, False),
    ],
)
@pytest.mark.parametrize("through", ["pass", "upstream"])
def test_what_names_the_host_and_a_port_that_a_service_publishes_leads_to_it(
    host: str, through: str, *, bridged: bool, on_host: bool
) -> None:
    target = host if through == "pass" else "there"
    site = f"server {{ location / {{ proxy_pass http://{target}; }} }}"
    configuration = configured(site, there=f"upstream there {{ server {host}; }}")
    if through == "pass":
        configuration = configured(site)
    for gateway, leads in ((BRIDGED, bridged), (ON_HOST, on_host)):
        found = list(published_findings(configuration, gateway, PUBLISHED))
        assert [finding.severity for finding in found] == [Severity.REFUSAL] * leads
        assert all("publishes that port of the host" in finding.what for finding in found)


def test_an_upstream_that_nothing_uses_leads_nowhere() -> None:
    configuration = configured("", there="upstream there { server 10.0.0.1:9005; }")
    assert not list(published_findings(configuration, BRIDGED, PUBLISHED))


@pytest.mark.parametrize("spare", ["down", "max_fails=0 down"])
def test_a_server_that_is_down_leads_nowhere(spare: str) -> None:
    site = "server { location / { proxy_pass http://there; } }"
    configuration = configured(
        site, there=f"upstream there {{ server a:1; server 10.0.0.1:9005 {spare}; }}"
    )
    assert not list(published_findings(configuration, BRIDGED, PUBLISHED))


@pytest.mark.parametrize("spelling", ["[fd00:0::1]", "[FD00::1]", "[fd00::1]"])
def test_the_host_s_address_is_the_same_however_it_is_spelt(spelling: str) -> None:
    place = Attachment("n1", "staging_default", subnets=("fd00::7/64",), gateways=("fd00::1",))
    configuration = configured(f"server {{ location / {{ proxy_pass http://{spelling}:9005; }} }}")
    assert list(published_findings(configuration, replace(BRIDGED, networks=(place,)), PUBLISHED))


def test_an_address_that_a_container_may_have_had_is_not_the_host_s() -> None:
    places = (
        Attachment("n1", "staging_default", subnets=("10.0.0.7/24",), gateways=("10.0.0.1",)),
    )
    for host, leads in (("10.0.0.77", False), ("10.0.0.1", True)):
        configuration = configured(f"server {{ location / {{ proxy_pass http://{host}:9005; }} }}")
        found = published_findings(configuration, replace(BRIDGED, networks=places), PUBLISHED)
        assert bool(list(found)) is leads
