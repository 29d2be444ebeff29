"""Readiness against real containers: php-fpm, HTTP, healthchecks, and relays in real gateways."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from msgspec.structs import replace

from composeroll.config.flags import ComposeFlags
from composeroll.config.settings import Ready
from composeroll.engine.engine import Engine
from composeroll.errors import NotReady, Refused
from composeroll.model import Protocol, Replica, Route
from composeroll.readiness.attempt import Attempt
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.pipe import OpenPipes
from composeroll.readiness.probes import HttpProbe
from composeroll.readiness.readiness import Readiness
from composeroll.report.events import Event, ReplicaReady
from tests.bed import images
from tests.e2e.harness import docker

pytestmark = pytest.mark.e2e

PROJECT = f"readiness-e2e-{uuid.uuid4().hex[:8]}"
PHP_FPM = images.E2E_STAGING["php-fpm"]
APP, CHECKED = images.APPS["plain"].ref, images.APPS["checked"].ref
GATEWAYS = {
    kind: image.ref for (kind, suite), image in images.E2E_GATEWAYS.items() if suite == "forky"
}
WAYS = ("direct", "plain", "busybox")

INTERVAL = 30
"""Seconds between two healthchecks of the image."""

TIMEOUT = 5
"""Seconds that are waited for what never comes: an answer that is not wanted comes before."""

SLOW = 30
"""Seconds until an answer that nobody waits for."""


@dataclass
class Bed:
    """A network, the containers on it, and the room under test in front of them."""

    engine: Engine
    network: str
    started: list[str]
    gateways: dict[str, str]

    def run(self, image: str, service: str, **environment: str) -> Replica:
        """Start a container as compose would label it."""
        number = len(self.started) + 1
        labels = {"project": PROJECT, "service": service, "container-number": str(number)}
        options = [f"--label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        options += [f"--env={name}={value}" for name, value in environment.items()]
        name = f"--name={PROJECT}-{service}-{number}"
        words = ("run", "-d", name, f"--network={self.network}", *options, image)
        self.started.append(docker.docker(*words))
        found = self.engine.find(self.started[-1])
        assert found
        return found

    def route(self, way: str, port: int, protocol: Protocol = Protocol.HTTP) -> Route:
        """A route to `port` whose gateway is of the kind `way`."""
        gateway = self.gateways.get(way, "")
        return Route("nginx", (gateway,), "app", "/u.conf", port, protocol, self.network)

    def dialers(self, way: str) -> Dialers:
        """Straight, or through the gateway whatever this machine could do."""
        return Dialers(self.engine, lambda _: way == "direct")

    def await_ready(self, way: str, replica: Replica, route: Route | None, ready: Ready) -> float:
        """Wait; how many seconds it took."""
        emitted: list[Event] = []
        events = partial(self.engine.events, ("die", "oom"))
        room = Readiness(self.engine, self.dialers(way), events, emitted.append)
        room.await_ready((replica,), route, ready)
        return next(event.seconds for event in emitted if isinstance(event, ReplicaReady))


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    images.up((PHP_FPM, *images.APPS.values(), *images.GATEWAYS.values()))
    images.up(images.E2E_GATEWAYS.values())
    try:
        label = f"--label={docker.PROJECT}={PROJECT}"
        network = docker.docker("network", "create", label, PROJECT)
        with Engine(ComposeFlags(), PROJECT) as engine:
            made = Bed(engine, network, [], {})
            for kind in ("plain", "busybox", "no-shell"):
                made.gateways[kind] = made.run(GATEWAYS[kind], kind).id
            yield made
    finally:
        docker.remove_project(PROJECT)


@pytest.fixture(scope="module")
def php_fpm(bed: Bed) -> Replica:
    return bed.run(PHP_FPM.ref, "php-fpm")


@pytest.fixture(scope="module")
def app(bed: Bed) -> Replica:
    return bed.run(APP, "app")


@pytest.mark.parametrize("way", WAYS)
def test_a_real_php_fpm_is_ready_by_its_ping_path(bed: Bed, php_fpm: Replica, way: str) -> None:
    route = bed.route(way, 9000, Protocol.FASTCGI)
    bed.await_ready(way, php_fpm, route, Ready(path="/ping"))


@pytest.mark.parametrize("way", WAYS)
def test_a_real_php_fpm_that_has_no_such_script_is_not_ready(
    bed: Bed, php_fpm: Replica, way: str
) -> None:
    route = bed.route(way, 9000, Protocol.FASTCGI)
    with pytest.raises(NotReady, match=r"answered 404 \(FastCGI /nowhere\.php\)") as error:
        bed.await_ready(way, php_fpm, route, Ready(path="/nowhere.php", timeout=TIMEOUT))
    assert "  File not found." in error.value.evidence


@pytest.mark.parametrize("way", WAYS)
def test_an_http_service_is_ready_by_its_path_and_by_its_port(
    bed: Bed, app: Replica, way: str
) -> None:
    route = bed.route(way, 8000)
    bed.await_ready(way, app, route, Ready(path="/healthz"))
    bed.await_ready(way, app, route, Ready(settle=0))


@pytest.mark.parametrize("way", WAYS)
def test_a_body_of_an_answer_that_is_not_wanted_is_shown(bed: Bed, app: Replica, way: str) -> None:
    unwanted = Ready(path="/", status=((204, 204),), timeout=TIMEOUT)
    with pytest.raises(NotReady, match="answered 200") as error:
        bed.await_ready(way, app, bed.route(way, 8000), unwanted)
    shown = json.loads(error.value.evidence[1])
    assert shown["container"] == app.short_id


@pytest.mark.parametrize("way", WAYS)
def test_a_port_that_never_opens_is_not_ready(bed: Bed, way: str) -> None:
    replica = bed.run(APP, "app", BROKEN="never-listens")
    with pytest.raises(NotReady, match=r"refused.*\(port 8000 accepts\)"):
        bed.await_ready(way, replica, bed.route(way, 8000), Ready(timeout=TIMEOUT))


def test_a_gateway_without_shell_or_relay_is_refused_with_what_to_add(
    bed: Bed, app: Replica
) -> None:
    with pytest.raises(Refused, match="nothing in the gateway"):
        bed.await_ready("no-shell", app, bed.route("no-shell", 8000), Ready(path="/healthz"))


@pytest.mark.parametrize("broken", ["exits-at-once", "dies-soon"])
def test_a_replica_that_dies_ends_the_waiting_with_its_exit_code(bed: Bed, broken: str) -> None:
    began = time.monotonic()
    replica = bed.run(APP, "app", BROKEN=broken)
    with pytest.raises(NotReady, match="exited with code 3"):
        bed.await_ready("direct", replica, bed.route("direct", 8000), Ready())
    assert time.monotonic() - began < Ready().timeout / 2


def test_a_healthcheck_is_not_waited_for_in_its_own_interval(bed: Bed) -> None:
    replica = bed.run(CHECKED, "app")
    assert bed.await_ready("direct", replica, bed.route("direct", 8000), Ready()) < INTERVAL / 2


def test_a_failing_healthchecks_own_words_are_shown(bed: Bed) -> None:
    replica = bed.run(CHECKED, "app", BROKEN="fails-healthcheck")
    with pytest.raises(NotReady, match="it ended its check with 1") as error:
        bed.await_ready("direct", replica, None, Ready(timeout=TIMEOUT))
    assert "  this healthcheck always fails" in error.value.evidence


def test_bash_ends_with_the_request_that_was_given_up(bed: Bed, app: Replica) -> None:
    _give_up_a_request(bed, "plain", app)
    assert _only_nginx_within(bed, bed.gateways["plain"], seconds=SLOW / 2)


def test_netcat_ends_with_the_replica_at_the_latest(bed: Bed) -> None:
    replica = bed.run(APP, "app", STOP="at-once")
    bed.await_ready("direct", replica, bed.route("direct", 8000), Ready(path="/healthz"))
    _give_up_a_request(bed, "busybox", replica)
    bed.engine.stop({replica.id: 0})
    assert _only_nginx_within(bed, bed.gateways["busybox"], seconds=SLOW / 2)


def test_a_death_elsewhere_in_the_project_does_not_disturb(bed: Bed, app: Replica) -> None:
    replica = replace(app)
    bystander = bed.run(APP, "bystander", BROKEN="exits-at-once")
    assert bystander.id != replica.id
    bed.await_ready("direct", replica, bed.route("direct", 8000), Ready(settle=1))


def _give_up_a_request(bed: Bed, way: str, replica: Replica) -> None:
    route = bed.route(way, 8000)
    pipes = OpenPipes(bed.dialers(way).for_route(route))
    slow = HttpProbe(f"/slow?s={SLOW}", None, ((200, 399),))
    attempt = Attempt(slow, replica.id, route.address(replica), bed.engine, pipes)
    assert attempt(0.5).said == "gave no answer within 0.5 s"


def _only_nginx_within(bed: Bed, gateway: str, seconds: float) -> bool:
    # A process that ends is no event of the engine: look until it has.
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while any("nginx:" not in process.args for process in bed.engine.processes(gateway)):
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True
