"""What would hurt where a gateway itself is replaced, or what it lives in. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.model import Finding, Severity
from composeroll.rollout.carrying import only_idles
from composeroll.rollout.observed import Front, Observed, ServiceState

DOCS = "docs/nginx.md, Replacing nginx itself"

KEEPS_ORDER = 29
"""The first engine that starts a container after the one whose network it lives in
(moby/moby#50327)."""

_MANY = ("live", "lose", "their")

PUBLISHED, HOST = "ports and networks", "`network_mode: host`"


class _Held(NamedTuple):
    """How clients reach a gateway that has no edge.

    Attributes:
        what: the end of a sentence that begins with its name.
        ports: the edge's line for them, empty where it publishes none.
        aside: what the edge needs besides.
        place: what of the gateway's service goes.
    """

    what: str
    ports: str
    aside: str
    place: str


def gateway_findings(
    state: ServiceState, leaving: Collection[str] = (), *, doubled: bool
) -> Iterator[Finding]:
    """What concerns one service: as a gateway, or as what others live in.

    Args:
        state: the service.
        leaving: full IDs of the replicas that would have to go.
        doubled: a new one is to come up beside it; else nothing of that forbids anything.
    """
    if state.tenants:
        yield _edge_itself(state, leaving)
    if state.front is None or not state.serving:
        return
    beside = doubled and not state.stops_first
    if state.front.edge is None and beside:
        yield edge_wanted(state.service, Severity.REFUSAL)
    if state.service.done_at_start and beside:
        yield _not_rehearsed(state)
    for finding in state.front.findings:
        if beside or finding.severity is not Severity.REFUSAL:
            yield finding


def _not_rehearsed(state: ServiceState) -> Finding:
    done = ", ".join(state.service.done_at_start)
    return Finding(
        Severity.REFUSAL,
        f"compose does {done} where it starts {state.name}, and the rehearsal would go without",
        "let a config or a secret be a file, which is mounted (`configs: {NAME: {file: ./NAME}}`),"
        " and do in the image what a hook does",
    )


def together(observed: Observed) -> Iterator[Finding]:
    """A gateway with a gap takes its services with it, and what is switched in its containers."""
    with_gap = {s.name for s in observed.services if not is_smooth(s)}
    for state in observed.services:
        if state.wiring and (gateway := state.wiring.route.gateway) in with_gap:
            yield Finding(
                Severity.REFUSAL,
                f"{gateway} runs the nginx in front of {state.name}: one rollout cannot replace"
                " both",
                f"name {gateway} in a run of its own",
            )


def is_smooth(state: ServiceState) -> bool:
    """Whether a gateway can be replaced by another one beside it."""
    beside = state.service.settings.order is Order.START_FIRST
    return beside and state.front is not None and state.front.edge is not None


def edge_wanted(gateway: Service, severity: Severity) -> Finding:
    """A gateway that clients reach without an edge, with the lines that give it one."""
    holds = _holds(gateway)
    return Finding(
        severity,
        f"{gateway.name} {holds.what}, so a second nginx cannot take them over",
        "give them to a service that does nothing else, of an image that never moves: `edge:"
        " {image: busybox:1.37, command: [sleep, infinity], init: true, restart: unless-stopped,"
        f'{holds.ports} sysctls: {{net.ipv4.tcp_migrate_req: "1"}}}}`{holds.aside}, and write'
        f" `network_mode: service:edge` in {gateway.name} in the place of {holds.place}"
        f" ({DOCS}); or accept a gap with --order stop-first",
    )


def _holds(gateway: Service) -> _Held:
    """One in the host's network, and one behind another proxy, publish nothing to copy."""
    if gateway.ports:
        ports = ", ".join(f'"{port}"' for port in gateway.ports)
        return _Held("publishes its ports itself", f" ports: [{ports}],", "", PUBLISHED)
    if any(o.key == "network_mode" and o.value == "host" for o in gateway.obstacles):
        aside = f" with the ports that {gateway.name} listens on"
        return _Held("has its ports in the host's network", ' ports: ["80:80"],', aside, HOST)
    aside = f" with the networks of {gateway.name}, and `aliases: [{gateway.name}]` in each"
    return _Held("has its addresses to itself", "", aside, "networks")


def recommended(fronts: Mapping[str, Front], services: Mapping[str, Service]) -> Iterator[Finding]:
    """What could be better, and an edge for every gateway that has none and is to have no gap."""
    for name, front in fronts.items():
        yield from (f for f in front.findings if f.severity is Severity.NOTE)
        accepted = services[name].settings.order is Order.STOP_FIRST
        if front.edge is None and not accepted:
            yield edge_wanted(services[name], Severity.NOTE)


def given_up_at_boot(fronts: Mapping[str, Front], engine: str) -> Iterator[Finding]:
    """The gateways that a reboot may leave down, by the engine's version: see `stranded`."""
    major = engine.partition(".")[0]
    if not major.isdigit() or int(major) >= KEEPS_ORDER:
        return
    for name, front in fronts.items():
        if front.edge and front.edge.restart_policy != "no":
            edge = front.edge.service
            yield Finding(
                Severity.WARNING,
                f"after a reboot this engine ({engine}) gives {name} up where it comes to it"
                f" before {edge} runs",
                "let `composeroll sync --watch` run as a service, or `composeroll sync` at boot,"
                f" which start it then; Engine {KEEPS_ORDER} starts {edge} first ({DOCS})",
            ).about(name)


def _edge_itself(state: ServiceState, leaving: Collection[str]) -> Finding:
    tenants = " and ".join(state.tenants)
    live, lose, own = ("lives", "loses", "its") if len(state.tenants) == 1 else _MANY
    lives = f"{tenants} {live} in the network namespace of {state.name}"
    both = f"{state.name} {' '.join(state.tenants)}"
    if state.wiring is None and only_idles(state.replicas):
        return Finding(
            Severity.REFUSAL,
            f"{lives}, which closes its ports when it is replaced",
            "let it be: it holds nothing that needs updates;"
            f" `docker compose up -d {both}` makes it anew, with a gap",
        )
    goes = any(replica.id in leaving for replica in state.replicas)
    return Finding(
        Severity.REFUSAL if goes else Severity.NOTE,
        f"{lives}, and {lose} the network when that is replaced",
        f"give {tenants} a network of {own} own in the place of `network_mode:"
        f" service:{state.name}`; or `docker compose up -d --force-recreate {both}` replaces all of"
        " them, with a gap",
    )
