"""Whether this machine can dial a network's addresses itself."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from composeroll.engine.api.endpoint import Endpoint
from composeroll.engine.api.host import Address, addresses_of, is_local_network, subnets_of

NETWORK = "8519205cca5f" + 52 * "0"
HERE = Endpoint("unix:///var/run/docker.sock")
LINK_LOCAL = "fe80::30a9:26ff:fe3c:499e"


@pytest.fixture
def bridges(tmp_path: Path) -> Path:
    """The interfaces of a machine that has the network's bridge."""
    (tmp_path / "br-8519205cca5f").mkdir()
    return tmp_path


def is_local(bridges: Path, subnets: list[str], held: list[str]) -> bool:
    """Whether a network is, whose bridge holds these addresses."""

    def addresses(interface: str) -> list[Address]:
        assert interface == "br-8519205cca5f"
        return [ip_address(address) for address in held]

    return is_local_network(HERE, NETWORK, lambda: subnets, addresses, bridges)


@pytest.mark.parametrize(
    ("subnets", "held"),
    [
        (["172.19.0.0/16"], ["172.19.0.1", LINK_LOCAL]),
        (["172.19.0.0/16", "fd01::/64"], ["172.19.0.1", LINK_LOCAL]),
        (["fd01::/64"], ["fd01::1", LINK_LOCAL]),
        (["172.19.0.1/16"], ["172.19.0.1"]),
    ],
    ids=[
        "as compose makes it",
        "its IPv4 counts where it has both",
        "IPv6 alone",
        "with host bits",
    ],
)
def test_a_bridge_with_an_address_in_its_network_leads_there(
    bridges: Path, subnets: list[str], held: list[str]
) -> None:
    assert is_local(bridges, subnets, held)


@pytest.mark.parametrize(
    ("subnets", "held"),
    [
        (["172.19.0.0/16"], []),
        (["172.19.0.0/16"], [LINK_LOCAL]),
        (["172.19.0.0/16"], ["172.20.0.1"]),
        (["172.19.0.0/16", "fd01::/64"], ["fd01::1", LINK_LOCAL]),
        (["fd01::/64"], [LINK_LOCAL]),
        ([], ["172.19.0.1"]),
    ],
    ids=["none", "isolated", "elsewhere", "only IPv4 isolated", "IPv6 isolated", "no subnet"],
)
def test_a_bridge_without_one_leads_nowhere(
    bridges: Path, subnets: list[str], held: list[str]
) -> None:
    assert not is_local(bridges, subnets, held)


@pytest.mark.parametrize("endpoint", [HERE, Endpoint("ssh://deploy@staging.example")])
def test_without_its_bridge_or_its_engine_here_nobody_is_asked(
    tmp_path: Path, bridges: Path, endpoint: Endpoint
) -> None:
    def nobody() -> Iterator[str]:
        raise AssertionError

    elsewhere = bridges if endpoint is not HERE else tmp_path / "none"
    assert not is_local_network(endpoint, NETWORK, nobody, interfaces=elsewhere)


def test_this_machines_own_addresses_are_known_without_any_right() -> None:
    assert ip_address("127.0.0.1") in addresses_of("lo")
    assert addresses_of("no-such-thing") == ()


@pytest.mark.parametrize(
    ("network", "subnets"),
    [
        ({"IPAM": {"Config": [{"Subnet": "172.19.0.0/16", "Gateway": "x"}]}}, ("172.19.0.0/16",)),
        ({"IPAM": {"Config": None}}, ()),
        ({"message": "network x not found"}, ()),
    ],
)
def test_the_subnets_stand_in_the_networks_answer(
    network: dict[str, object], subnets: tuple[str, ...]
) -> None:
    assert subnets_of(network) == subnets
