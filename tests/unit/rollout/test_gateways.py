"""The gateways of a run: what is none of them is told as such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import EngineError, GatewayError, GatewayUnread
from composeroll.model import Mount, Output, Process, Severity
from composeroll.nginx.discovery.discovery import Wanted, discover
from composeroll.rollout.project_gateways import ProjectGateways
from tests.unit.nginx import made
from tests.unit.nginx.fake import FakeNginx, VirtualClock
from tests.unit.nginx.made import INCLUDE
from tests.unit.nginx.test_gateway import nginx
from tests.unit.nginx.test_held import CLIENT, OURS, TO_OURS, TO_WEBSOCKET, printed
from tests.unit.rollout.makers import replica

TEXTS = {replica(1).id: {"/etc/nginx/app.conf": "as it was"}}

Ask = Callable[[ProjectGateways], object]


@pytest.mark.parametrize(
    "ask",
    [
        lambda gateways: gateways.read(replica(1).id, "/etc/nginx/app.conf"),
        lambda gateways: gateways.switch(TEXTS),
        lambda gateways: gateways.restore(TEXTS),
        lambda gateways: gateways.traffic([replica(1).id], "app"),
    ],
)
def test_a_container_whose_nginx_takes_no_requests_is_no_gateway(ask: Ask) -> None:
    with pytest.raises(GatewayError, match="no nginx that takes requests runs in 111111111111"):
        ask(ProjectGateways(cast("Any", None)))


def test_a_gateway_that_could_not_be_read_whole_is_not_replaced_beside_itself() -> None:
    fake, container = nginx(), made.replica("nginx", 1)
    gateways = ProjectGateways(fake)
    for text, severities in ((fake.files[INCLUDE], []), ("upstream {\n", [Severity.REFUSAL])):
        fake.files[INCLUDE] = text
        gateways.configuration(container)
        found = gateways.front_findings(container, None, 60.0)
        found_there = [f for f in found if "which services are behind nginx is not known" in f.what]
        assert [f.severity for f in found_there] == severities


@dataclass
class TwoNginx(FakeNginx):
    """The same nginx in each container, but for those of a service that have ended."""

    ended: frozenset[str] = frozenset()

    def processes(self, container: str) -> tuple[Process, ...]:
        """What runs there."""
        if container in self.ended:
            raise EngineError(f"No such container: {container}")
        return super().processes(container)


def test_nobody_waits_for_an_nginx_that_is_not_the_gateway_whatever_became_of_it() -> None:
    """A frontend with an nginx of its own, or the stopped replica of a service that runs one."""
    gate, frontend = made.replica("nginx", 1), made.replica("frontend", 2)
    fake = TwoNginx(VirtualClock(), dict(nginx().files), busy=True)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0, 102: float("inf")}
    assert gateways.runs_in(gate)
    assert gateways.runs_in(frontend)
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 1
    assert gateways.old_workers(["frontend", "nginx"]) == 2
    fake.ended = frozenset({frontend.id})
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 1
    assert gateways.connections_to(["nginx"], []) == {}
    fake.ended = frozenset({gate.id})
    with pytest.raises(GatewayError):
        gateways.old_workers(["nginx"])


def test_nobody_waits_for_an_nginx_that_quits_and_is_not_the_gateway() -> None:
    fake, frontend = nginx(busy=True), made.replica("frontend", 2)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0}
    assert not gateways.runs_in(frontend)
    assert gateways.old_workers(["frontend"]) == gateways.held(["frontend"], []).workers == 1
    assert gateways.old_workers(["nginx"]) == gateways.held(["nginx"], []).workers == 0


def test_a_gateway_that_stops_between_two_looks_could_not_be_read() -> None:
    fake, gateways = _beside()
    fake.ended = frozenset({OTHER.id})
    with pytest.raises(GatewayUnread, match=f"is not running in {OTHER.name}"):
        gateways.configuration(OTHER)


@dataclass
class Linked(FakeNginx):
    """An nginx whose include may be a link."""

    leads_to: str = ""

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, but for what tells of links."""
        if argv[0] == "readlink":
            return Output(0, f"{self.leads_to or argv[-1]}\n")
        return super().execute(container, argv, user=user, timeout=timeout)


@pytest.mark.parametrize(("leads_to", "refused"), [("", True), ("/run/upstreams/app.conf", False)])
def test_an_include_on_a_read_only_mount_may_be_a_link_out_of_it(
    leads_to: str, *, refused: bool
) -> None:
    """The install script writes where the link leads."""
    tree = Mount("/etc/nginx", "bind", writable=False, source="/srv/nginx")
    writable = Mount("/run/upstreams", "volume", writable=True, volume="upstreams")
    container = replace(made.replica("nginx", 1), mounts=(tree, writable))
    gateways = ProjectGateways(Linked(VirtualClock(), dict(nginx().files), leads_to=leads_to))
    found = discover(gateways.configuration(container), made.subject(), Wanted())
    assert found is not None
    told = gateways.findings(container, made.subject(), found, 60.0)
    assert any("mounted read-only" in finding.what for finding in told) is refused


TABLE = "cat", "/proc/net/tcp", "/proc/net/tcp6"


@dataclass
class Beside(TwoNginx):
    """A second nginx, whose old worker has sockets that may not be seen.

    Attributes:
        blind: only the table of its whole network namespace tells.
        asked: what was run in it.
    """

    blind: bool = False
    asked: list[Sequence[str]] = field(default_factory=list)

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, but for the sockets."""
        self.asked.append(argv)
        if container in self.ended:
            raise EngineError(f"container {container} is not running")
        if tuple(argv) == TABLE:
            return Output(0, self.sockets[""].partition("table tcp\n")[2])
        if self.blind and argv[-1] == "composeroll":
            return Output(0)
        return super().execute(container, argv, user=user, timeout=timeout)


def _beside(*sockets: str, blind: bool = False, old: bool = True) -> tuple[Beside, ProjectGateways]:
    files = dict(nginx().files)
    fake = Beside(VirtualClock(), files, busy=True, sockets={"": printed(sockets)}, blind=blind)
    fake.workers = {101: -1.0, 102: float("inf")} if old else {102: float("inf")}
    gateways = ProjectGateways(fake)
    assert gateways.runs_in(made.replica("nginx", 1))
    assert gateways.runs_in(OTHER)
    return fake, gateways


OTHER = made.replica("nginx-b", 2)


@pytest.mark.parametrize("blind", [False, True])
def test_another_gateway_whose_old_worker_has_a_request_with_what_leaves_is_waited_for(
    *, blind: bool
) -> None:
    """It passes requests on to the gateway by now; what began before goes straight to a replica."""
    fake, gateways = _beside(CLIENT, TO_OURS, blind=blind)
    assert gateways.also_reaching(["nginx"], [OURS]) == {OTHER.id}
    assert gateways.old_workers([OTHER.id]) == 1
    held = gateways.held([OTHER.id], [OURS])
    assert (len(held.leaving), bool(held.unknown)) == ((0, True) if blind else (1, False))
    assert gateways.connections_to([OTHER.id], [f"{OURS}:9000"]) == {f"{OURS}:9000": 1}
    fake.ended = frozenset({OTHER.id})
    assert gateways.old_workers([OTHER.id]) == gateways.held([OTHER.id], [OURS]).workers == 0
    assert gateways.connections_to([OTHER.id], [f"{OURS}:9000"]) == {}
    assert gateways.also_reaching(["nginx"], [OURS]) == frozenset()


@pytest.mark.parametrize("blind", [False, True])
def test_another_gateway_whose_old_worker_has_nothing_to_do_with_what_leaves_holds_nothing(
    *, blind: bool
) -> None:
    _, gateways = _beside(CLIENT, TO_WEBSOCKET, blind=blind)
    assert gateways.also_reaching(["nginx"], [OURS]) == frozenset()


def test_another_gateway_without_old_workers_is_asked_for_its_processes_alone() -> None:
    fake, gateways = _beside(CLIENT, TO_OURS, old=False)
    assert gateways.also_reaching(["nginx"], [OURS]) == frozenset()
    assert not fake.asked


def test_another_gateway_that_cannot_be_read_is_waited_for_all_the_same() -> None:
    fake, gateways = _beside(CLIENT, TO_OURS)
    fake.test = Output(1, "", "nginx: [emerg] nonsense")
    assert gateways.also_reaching(["nginx"], [OURS]) == {OTHER.id}
    assert gateways.held([OTHER.id], [OURS]).unknown


def test_a_gateway_that_quit_and_was_started_again_is_one_like_any_other() -> None:
    """As a watch sees it, which looks again and again."""
    fake, container = nginx(busy=True), made.replica("nginx", 1)
    gateways = ProjectGateways(fake)
    fake.workers = {101: -1.0}
    assert (gateways.runs_in(container), gateways.old_workers(["nginx"])) == (False, 1)
    assert gateways.quits(container)
    fake.workers = {201: float("inf")}
    assert (gateways.runs_in(container), gateways.old_workers(["nginx"])) == (True, 0)
    assert not gateways.quits(container)
