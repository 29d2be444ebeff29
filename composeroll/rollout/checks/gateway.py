"""What would hurt when a gateway or its edge is replaced. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.model import Finding, Severity
from composeroll.rollout.observing.carrying import only_idles
from composeroll.rollout.observing.observed import Front, Observed, ServiceState

DOCS = "docs/nginx.md, Replacing nginx itself"

KEEPS_ORDER = 29
"""The first engine that starts a container after the one whose network it shares
(moby/moby#50327)."""

_MANY = ("share", "lose", "their")

PUBLISHED, HOST = "ports and networks", "`network_mode: host`"


class _Held(NamedTuple):
    """How clients reach a gateway that has no edge.

    Attributes:
        what: the rest of a sentence that begins with the gateway's name.
        ports: the edge's `ports`, empty if the gateway publishes none.
        excluded: what else the edge needs.
        replaced: the keys of the gateway's service that are replaced.
    """

    what: str
    ports: str
    excluded: str
    replaced: str


def gateway_findings(
    state: ServiceState, leaving: Collection[str] = (), *, doubled: bool
) -> Iterator[Finding]:
    """Yield the findings about one service as a gateway, or as the edge of others.

    Args:
        state: the service.
        leaving: full IDs of the replicas that would have to go.
        doubled: whether a new replica would start beside it; otherwise there are no refusals.
    """
    if state.tenants:
        yield _edge_itself(state, leaving)
    if state.front is None or not state.serving:
        return
    beside = doubled and not state.stops_first
    if state.front.edge is None and beside:
        yield edge_finding(state.service, Severity.REFUSAL)
    if state.service.done_at_start and beside:
        yield _not_rehearsed(state)
    for finding in state.front.findings:
        if beside or finding.severity is not Severity.REFUSAL:
            yield finding


def _not_rehearsed(state: ServiceState) -> Finding:
    done = ", ".join(state.service.done_at_start)
    return Finding(
        Severity.REFUSAL,
        f"compose applies {done} when it starts {state.name}, and the rehearsal would run without",
        "keep a config or a secret in a file, which is mounted (`configs: {NAME: {file: ./NAME}}`),"
        " and do in the image what a hook does",
    )


def shared_gap_findings(observed: Observed) -> Iterator[Finding]:
    """Refuse a gateway with a gap in one rollout with services behind it.

    Its containers hold the upstreams that these services switch.
    """
    with_gap = {s.name for s in observed.services if not is_smooth(s)}
    for state in observed.services:
        if state.wiring and (gateway := state.wiring.route.gateway) in with_gap:
            yield Finding(
                Severity.REFUSAL,
                f"{gateway} runs the nginx in front of {state.name}: one rollout cannot replace"
                " both",
                f"update {gateway} in a separate run",
            )


def is_smooth(state: ServiceState) -> bool:
    """Return whether a gateway can be replaced by another one beside it."""
    beside = state.service.settings.order is Order.START_FIRST
    return beside and state.front is not None and state.front.edge is not None


def edge_finding(gateway: Service, severity: Severity) -> Finding:
    """Return the finding for a gateway without an edge, with the lines for one."""
    holds = _holds(gateway)
    return Finding(
        severity,
        f"{gateway.name} {holds.what}, so a second nginx cannot take them over",
        "give them to a service that does nothing else, with a fixed image: `edge:"
        " {image: busybox:1.37, command: [sleep, infinity], init: true, restart: unless-stopped,"
        f'{holds.ports} sysctls: {{net.ipv4.tcp_migrate_req: "1"}}}}`{holds.excluded}, and write'
        f" `network_mode: service:edge` in {gateway.name} instead of {holds.replaced}"
        f" ({DOCS}); or accept a gap with --order stop-first",
    )


def _holds(gateway: Service) -> _Held:
    """Tell apart published ports, the host's network, and a gateway behind another proxy."""
    if gateway.ports:
        ports = ", ".join(f'"{port}"' for port in gateway.ports)
        return _Held("publishes its ports itself", f" ports: [{ports}],", "", PUBLISHED)
    if any(o.key == "network_mode" and o.value == "host" for o in gateway.obstacles):
        excluded = f" with the ports that {gateway.name} listens on"
        return _Held("has its ports in the host's network", ' ports: ["80:80"],', excluded, HOST)
    excluded = f" with the networks of {gateway.name}, and `aliases: [{gateway.name}]` in each"
    return _Held("has its addresses to itself", "", excluded, "networks")


def recommendations(
    fronts: Mapping[str, Front], services: Mapping[str, Service]
) -> Iterator[Finding]:
    """Yield recommendations, and an edge for each gateway without one, unless it accepts a gap."""
    for name, front in fronts.items():
        yield from (f for f in front.findings if f.severity is Severity.NOTE)
        accepted = services[name].settings.order is Order.STOP_FIRST
        if front.edge is None and not accepted:
            yield edge_finding(services[name], Severity.NOTE)


def boot_findings(fronts: Mapping[str, Front], engine: str) -> Iterator[Finding]:
    """Warn of gateways that a reboot may leave down with this engine: see `survey/stranded.py`."""
    major = engine.partition(".")[0]
    if not major.isdigit() or int(major) >= KEEPS_ORDER:
        return
    for name, front in fronts.items():
        if front.edge and front.edge.restart_policy != "no":
            edge = front.edge.service
            yield Finding(
                Severity.WARNING,
                f"after a reboot this engine ({engine}) gives up on {name} if it tries to start it"
                f" before {edge} runs",
                "run `composeroll sync --watch` as a service, or `composeroll sync` at boot:"
                f" either starts it; Engine {KEEPS_ORDER} starts {edge} first ({DOCS})",
            ).about(name)


def _edge_itself(state: ServiceState, leaving: Collection[str]) -> Finding:
    tenants = " and ".join(state.tenants)
    live, lose, own = ("shares", "loses", "its") if len(state.tenants) == 1 else _MANY
    lives = f"{tenants} {live} the network namespace of {state.name}"
    both = f"{state.name} {' '.join(state.tenants)}"
    if state.wiring is None and only_idles(state.replicas):
        return Finding(
            Severity.REFUSAL,
            f"{lives}, which closes its ports when it is replaced",
            "leave it out: it holds nothing that needs updates;"
            f" `docker compose up -d {both}` recreates it, with a gap",
        )
    goes = any(replica.id in leaving for replica in state.replicas)
    return Finding(
        Severity.REFUSAL if goes else Severity.NOTE,
        f"{lives}, and {lose} the network when {state.name} is replaced",
        f"give {tenants} a network of {own} own instead of `network_mode:"
        f" service:{state.name}`; or `docker compose up -d --force-recreate {both}` replaces all of"
        " them, with a gap",
    )
