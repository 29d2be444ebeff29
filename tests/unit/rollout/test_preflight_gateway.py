"""What would hurt where a gateway is replaced is said beforehand, with the lines to write."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Finding, Severity
from composeroll.rollout.checks.gateway import boot_findings, recommendations
from composeroll.rollout.checks.preflight import preflight_findings
from composeroll.rollout.observing.observed import Observed, ServiceState, Wiring
from tests.unit.rollout.makers import ours, replica, service, state, wiring
from tests.unit.rollout.test_gateway_plans import container, gateway, nginx

PORTS = {"ports": [{"published": "80", "target": 8080}], "network_mode": "bridge"}
LONELY = Finding(Severity.REFUSAL, "`listen 80` has no reuseport", "write `listen 80 reuseport;`")


def found(*states: ServiceState, leaving: bool = False, ahead: bool = True) -> list[Finding]:
    going = [r.id for s in states for r in s.replicas] if leaving else []
    return list(preflight_findings(Observed("shop", states), ".".join, going, ahead=ahead))


def with_findings(of: ServiceState, *more: Finding) -> ServiceState:
    assert of.front
    return replace(of, front=replace(of.front, findings=more))


def test_behind_an_edge_nothing_stands_in_the_way() -> None:
    assert not found(gateway(container(1)))


def test_a_gateway_that_writes_to_volumes_is_no_store() -> None:
    volume = {"type": "volume", "source": "certs", "target": "/certs"}
    assert not found(gateway(container(1), of=nginx(volumes=[volume])))


def test_one_that_publishes_its_ports_is_refused_with_the_lines_of_an_edge() -> None:
    (finding,) = found(gateway(container(1), of=nginx(**PORTS), edge=False))
    assert finding.severity is Severity.REFUSAL
    assert finding.what.startswith("nginx publishes its ports itself")
    for line in ('ports: ["80:8080"]', "network_mode: service:edge", "tcp_migrate_req", "sleep"):
        assert line in finding.help


def test_the_edge_gets_the_ports_as_they_were_and_no_more_of_the_world() -> None:
    ports = [
        {"host_ip": "127.0.0.1", "published": "21000", "target": 80, "protocol": "tcp"},
        {"host_ip": "127.0.0.1", "target": 81, "protocol": "tcp"},
        {"host_ip": "::1", "published": "443", "target": 443, "protocol": "udp"},
        {"target": 82, "protocol": "tcp"},
        {"published": "3000-3002", "target": 83},
    ]
    (finding,) = found(gateway(container(1), of=nginx(ports=ports), edge=False))
    lines = '"127.0.0.1:21000:80", "127.0.0.1::81", "[::1]:443:443/udp", "82", "3000-3002:83"'
    assert f"ports: [{lines}]" in finding.help


def test_one_in_the_hosts_network_publishes_nothing_and_its_edge_needs_a_port() -> None:
    (finding,) = found(gateway(container(1), of=nginx(network_mode="host"), edge=False))
    assert finding.what.startswith("nginx has its ports in the host's network, so")
    assert 'ports: ["80:80"],' in finding.help
    assert "instead of `network_mode: host`" in finding.help


def test_one_behind_another_proxy_has_no_ports_that_an_edge_could_take() -> None:
    (finding,) = found(gateway(container(1), of=nginx(network_mode="bridge"), edge=False))
    assert finding.what.startswith("nginx has its addresses to itself, so")
    assert "ports" not in finding.help
    assert "`aliases: [nginx]`" in finding.help


HOOKED = {"post_start": [{"command": "true"}]}
UNFIT = {
    "no edge": gateway(container(1), of=nginx(**PORTS), edge=False),
    "no reuseport": with_findings(gateway(container(1)), LONELY),
    "a hook": gateway(container(1), of=nginx(**HOOKED)),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_an_nginx_that_stays_as_it_is_keeps_no_nightly_update_of_all_from_the_others(
    unfit: str,
) -> None:
    """A new app was refused since nginx, which was up to date, had no reuseport."""
    assert not found(UNFIT[unfit], ahead=False)
    for when in ({"ahead": True}, {"ahead": False, "leaving": True}):
        (finding,) = found(UNFIT[unfit], **when)
        assert finding.severity is Severity.REFUSAL


def test_who_accepts_a_gap_is_not_refused_for_what_only_sharing_needs() -> None:
    accepting = nginx(**PORTS, **ours(order="stop-first"))
    assert not found(with_findings(gateway(container(1), of=accepting, edge=False), LONELY))


def test_what_the_configuration_lacks_is_refused() -> None:
    assert found(with_findings(gateway(container(1)), LONELY)) == [LONELY.about("nginx")]


@pytest.mark.parametrize("smooth", [True, False])
def test_its_services_may_go_with_it_where_it_leaves_no_gap(*, smooth: bool) -> None:
    alone = nginx(**PORTS, **ours(order="stop-first"))
    own = gateway(container(9)) if smooth else gateway(container(9), of=alone, edge=False)
    refused = [f.what for f in found(state([replica(1)], wiring(1)), own)]
    assert any("one rollout cannot replace both" in what for what in refused) is not smooth


@pytest.mark.parametrize(
    ("tenants", "share"), [(("nginx",), "nginx shares"), (("a", "b"), "a and b share")]
)
def test_an_edge_is_never_touched(tenants: tuple[str, ...], share: str) -> None:
    edge = service("edge", **ours(order="stop-first"))
    edge_state = state([replica(1, of="edge")], of=edge, tenants=tenants)
    (finding,) = found(edge_state, leaving=True)
    assert finding.severity is Severity.REFUSAL
    assert found(edge_state)[0].severity is Severity.NOTE
    assert f"{share} the network namespace of edge" in finding.what


def test_an_edge_that_only_waits_needs_no_update() -> None:
    idle = replace(replica(1, of="edge"), command=("sleep", "infinity"))
    (finding,) = found(state([idle], of=service("edge"), tenants=("nginx",)))
    assert "which closes its ports" in finding.what
    assert "it holds nothing that needs updates" in finding.help


@pytest.mark.parametrize("place", [None, wiring(1)])
def test_a_service_that_works_is_not_replaced_under_its_sidecar_and_may_need_updates(
    place: Wiring | None,
) -> None:
    works = replace(replica(1), command=("gunicorn",) if place is None else ("sleep",))
    edge_state = state([works], place, tenants=("exporter",))
    (finding,) = found(edge_state, leaving=True)
    assert finding.severity is Severity.REFUSAL
    assert found(edge_state)[0].severity is Severity.NOTE  # which keeps no nightly `update --all`
    assert "exporter shares the network namespace of app, and loses the network" in finding.what
    assert "give exporter a network of its own" in finding.help
    assert "needs updates" not in finding.help


def test_what_could_be_better_about_a_gateway_is_told_too() -> None:
    note = Finding(Severity.NOTE, "drains wait for every open connection", "take another image")
    front = with_findings(gateway(container(1)), LONELY, note).front
    assert front
    assert list(recommendations({"nginx": front}, {"nginx": nginx()})) == [note]


@pytest.mark.parametrize(
    ("edge", "order", "notes"),
    [(False, {}, 1), (True, {}, 0), (False, ours(order="stop-first"), 0)],
)
def test_an_edge_is_recommended_where_there_is_none(
    order: dict[str, object], notes: int, *, edge: bool
) -> None:
    of = nginx(**(PORTS | order))
    front = gateway(container(1), of=of, edge=edge).front
    assert front
    found = list(recommendations({"nginx": front}, {"nginx": of}))
    assert [f.severity for f in found] == [Severity.NOTE] * notes


@pytest.mark.parametrize(
    ("engine", "policy", "reported"),
    [
        ("28.5.2+dfsg4", "unless-stopped", True),
        ("20.10.24", "always", True),
        ("28.5.2", "no", False),
        ("29.0.0", "always", False),
        ("dev", "always", False),
    ],
)
def test_an_engine_that_may_give_nginx_up_after_a_reboot_is_told(
    engine: str, policy: str, *, reported: bool
) -> None:
    front = gateway(container(1)).front
    assert front
    assert front.edge
    front = replace(front, edge=replace(front.edge, restart_policy=policy))
    found = list(boot_findings({"nginx": front}, engine))
    assert [(f.severity, f.service) for f in found] == [(Severity.WARNING, "nginx")] * reported
    assert all(engine in f.what for f in found)


def test_an_nginx_without_an_edge_starts_by_itself() -> None:
    front = gateway(container(1), edge=False).front
    assert front
    assert not list(boot_findings({"nginx": front}, "28.5.2"))
