"""The whole waiting: real sockets, an engine of the tests' own, short real times."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.config.values import SETTINGS
from composeroll.errors import EngineError, EngineUnreachable, NotReady
from composeroll.model import ContainerEvent, Health, Healthcheck, Output, Protocol
from composeroll.readiness.attempt import REQUEST_LIMIT
from composeroll.readiness.fastcgi import Record
from composeroll.report.events import Noted, ReplicaReady
from composeroll.report.wording import fix_text
from tests.unit.readiness.engine import HANGS, Engine, replica, route
from tests.unit.readiness.grpc_answers import (
    BUSY,
    HEADERS,
    NOT_FOUND,
    NOT_SERVING,
    OPENING,
    SERVING,
    UNAVAILABLE,
    UNIMPLEMENTED,
)
from tests.unit.readiness.servers import (
    Serve,
    answering,
    cgi,
    closed_address,
    http_answer,
    php_fpm,
    record,
    serving,
    silent,
)

ONE, TWO = replica(1), replica(2)
HUNG = replace(ONE, healthcheck=Healthcheck(("sleep", "60"), timeout=60))
QUICK = Ready(path="/ping", timeout=0.4, interval=0.01, successes=2)
PATIENT = replace(QUICK, timeout=60)
LATE = REQUEST_LIMIT - 1
"""Seconds within which nothing has ended that waits for a request: a machine may be busy."""


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def ready(engine: Engine) -> list[str]:
    return [event.name for event in engine.emitted if isinstance(event, ReplicaReady)]


def test_every_replica_that_answers_is_told_as_ready_with_the_probes_name() -> None:
    engine = Engine(ONE, TWO)
    with serving(answering(http_answer(200))) as address:
        engine.readiness().await_ready((ONE, TWO), route(address), PATIENT)
    assert sorted(ready(engine)) == ["shop-app-1", "shop-app-2"]
    assert {e.how for e in engine.emitted if isinstance(e, ReplicaReady)} == {"GET /ping"}


def test_a_replica_that_answers_late_or_flaps_is_waited_for() -> None:
    engine = Engine(ONE)
    bad, good = http_answer(503), http_answer(200)
    with serving(answering(bad, good, bad, good)) as address:
        engine.readiness().await_ready((ONE,), route(address), PATIENT)
    assert ready(engine) == ["shop-app-1"]


def test_php_fpm_is_ready_when_its_ping_path_answers_and_not_by_a_404() -> None:
    engine = Engine(ONE)
    with serving(php_fpm("/ping")) as address:
        fastcgi = route(address, Protocol.FASTCGI)
        engine.readiness().await_ready((ONE,), fastcgi, PATIENT)
        with pytest.raises(NotReady, match=r"answered 404 \(FastCGI /other\)") as error:
            engine.readiness().await_ready((ONE,), fastcgi, replace(QUICK, path="/other"))
    assert "  File not found." in error.value.evidence
    assert "  Primary script unknown" in error.value.evidence


def test_what_a_script_complained_of_before_it_ended_without_output_is_evidence() -> None:
    complaint = record(Record.STDERR, b"PHP Fatal error:  Class Cache not found")
    with serving(answering(complaint + cgi(b""))) as address, pytest.raises(NotReady) as error:
        Engine(ONE).readiness().await_ready((ONE,), route(address, Protocol.FASTCGI), QUICK)
    assert "it answered without a CGI header" in error.value.what
    assert "  PHP Fatal error:  Class Cache not found" in error.value.evidence


@pytest.mark.parametrize(
    ("answer", "path", "said"),
    [
        (OPENING + HEADERS + SERVING, "/shop.Cart", ""),
        (OPENING + HEADERS + NOT_SERVING, "/shop.Cart", "answered NOT_SERVING"),
        (OPENING + UNIMPLEMENTED, "/shop.Cart", "answered gRPC without a health service"),
        (OPENING + UNIMPLEMENTED, None, ""),
        (OPENING + NOT_FOUND, None, ""),
        (OPENING + NOT_FOUND, "/shop.Cart", "answered gRPC without a status of that name"),
        (OPENING + NOT_FOUND, "/", "answered gRPC without a status of that name"),
        (OPENING + UNAVAILABLE, None, "answered gRPC UNAVAILABLE without a health status"),
        (OPENING + BUSY, None, "answered HTTP 503"),
    ],
    ids=[
        "serving",
        "not serving",
        "asked in vain",
        "nobody asked for a health service",
        "nobody asked for a status of the whole",
        "no such service",
        "asked for the whole in vain",
        "nobody asked, but it is unavailable",
        "nobody asked, but what stands before it is",
    ],
)
def test_a_grpc_server_is_ready_when_it_serves(answer: bytes, path: str | None, said: str) -> None:
    settings = replace(QUICK if said else PATIENT, path=path, settle=0)
    outcome = pytest.raises(NotReady, match=said) if said else nullcontext()
    with serving(answering(answer)) as address, outcome:
        Engine(ONE).readiness().await_ready((ONE,), route(address, Protocol.GRPC), settings)


@pytest.mark.parametrize(("path", "reported"), [(None, True), ("/shop.Cart", False)])
def test_who_asks_for_no_service_is_told_that_one_can_be_asked_for(
    path: str | None, *, reported: bool
) -> None:
    settings = replace(QUICK, path=path, settle=0)
    with serving(answering(OPENING + UNAVAILABLE)) as address, pytest.raises(NotReady) as error:
        Engine(ONE).readiness().await_ready((ONE,), route(address, Protocol.GRPC), settings)
    advice = re.search(r"ready\.path: (\S+), or give it a HEALTHCHECK", error.value.help or "")
    assert bool(advice) is reported
    assert not advice or SETTINGS["ready.path"].read(advice[1])


def test_a_replica_without_an_address_on_the_gateways_network_says_so() -> None:
    elsewhere = replace(ONE, networks=())
    with pytest.raises(NotReady, match="no address on the gateway's network"):
        Engine(ONE).readiness().await_ready((elsewhere,), route("x:80"), QUICK)


def test_a_healthcheck_that_the_engine_refuses_to_run_is_a_failed_attempt() -> None:
    def refuse(_: str) -> Output:
        raise EngineError("container is paused")

    engine = Engine(ONE)
    engine.check = refuse
    sick = replace(ONE, healthcheck=Healthcheck(("true",)))
    with pytest.raises(NotReady, match="cannot be asked: container is paused"):
        engine.readiness().await_ready((sick,), None, QUICK)


def test_kamal_1041_kamal_proxy_71_the_last_status_body_and_log_lines_are_the_evidence() -> None:
    engine = Engine(ONE)
    engine.said[ONE.id] = tuple(f"line {number}" for number in range(30))
    with (
        serving(answering(http_answer(500, "no database"))) as address,
        pytest.raises(NotReady, match=r"is not ready after 0\.4 s: it answered 500") as e,
    ):
        engine.readiness().await_ready((ONE,), route(address), QUICK)
    assert e.value.evidence[:3] == (
        "when asked, it answered 500",
        "  no database",
        "the last lines of shop-app-1:",
    )
    assert e.value.evidence[3:] == tuple(f"  line {number}" for number in range(10, 30))
    assert "ready.timeout" in str(e.value.help)


def only_for(host: str) -> Serve:
    """A server that sends on whoever asks for this host, and refuses everybody else."""

    def serve(connection: socket.socket) -> None:
        asked = connection.recv(65536)
        connection.sendall(http_answer(301 if f"Host: {host}\r\n".encode() in asked else 421))

    return serve


@pytest.mark.parametrize(
    ("host", "status", "said"),
    [
        ("shop.test", ((301, 301),), ""),
        ("shop.test", ((200, 299),), "answered 301"),
        (None, ((301, 301),), "answered 421"),
    ],
)
def test_kamal_1041_kamal_proxy_71_the_host_and_the_accepted_codes_are_the_users(
    host: str | None, status: tuple[tuple[int, int], ...], said: str
) -> None:
    settings = replace(QUICK if said else PATIENT, host=host, status=status)
    outcome = pytest.raises(NotReady, match=said) if said else nullcontext()
    with serving(only_for("shop.test")) as address, outcome:
        Engine(ONE).readiness().await_ready((ONE,), route(address), settings)


def test_a_server_that_hangs_is_given_up_at_the_timeout() -> None:
    began = time.monotonic()
    with serving(silent) as address, pytest.raises(NotReady, match="gave no answer within"):
        Engine(ONE).readiness().await_ready((ONE,), route(address), QUICK)
    assert time.monotonic() - began < LATE


def test_a_port_that_nobody_listens_on_is_not_ready() -> None:
    with pytest.raises(NotReady, match=r"cannot be reached: Connection refused \(port"):
        Engine(ONE).readiness().await_ready(
            (ONE,), route(closed_address()), replace(QUICK, path=None)
        )


@pytest.mark.parametrize("serve", [silent, answering(http_answer(503))])
def test_a_death_ends_the_waiting_for_all_at_once(serve: Serve) -> None:
    engine = Engine(ONE, TWO)
    engine.said[TWO.id] = ("Traceback", "KeyError: 'DB'")
    threading.Timer(0.1, engine.kill, (TWO.id, 3)).start()
    began = time.monotonic()
    with serving(serve) as address, pytest.raises(NotReady) as error:
        engine.readiness().await_ready((ONE, TWO), route(address), PATIENT)
    assert time.monotonic() - began < LATE
    assert error.value.what == "shop-app-2 exited with code 3"
    assert error.value.evidence[-2:] == ("  Traceback", "  KeyError: 'DB'")
    assert error.value.help == fix_text("app", TWO.image)


def test_a_check_that_hangs_does_not_hold_back_that_another_replica_died() -> None:
    engine = Engine(HUNG, TWO)
    engine.check = lambda _: HANGS
    threading.Timer(0.1, engine.kill, (TWO.id, 3)).start()
    began = time.monotonic()
    with pytest.raises(NotReady, match="shop-app-2 exited with code 3"):
        engine.readiness().await_ready((HUNG, TWO), None, PATIENT)
    assert time.monotonic() - began < LATE


def test_a_death_that_its_restart_policy_has_hidden_counts() -> None:
    engine = Engine(ONE)
    engine.containers[ONE.id] = replace(ONE, restarts=1)
    with pytest.raises(NotReady, match="shop-app-1 died and was started again"):
        engine.readiness().await_ready((ONE,), None, QUICK)


def test_a_death_whose_event_was_missed_is_seen_at_the_end() -> None:
    engine = Engine(ONE)

    def check(container: str) -> Output:
        engine.containers.pop(container)
        return Output(0)

    engine.check = check
    sick = replace(ONE, healthcheck=Healthcheck(("true",)))
    with pytest.raises(NotReady, match="shop-app-1 is gone"):
        engine.readiness().await_ready((sick,), None, replace(QUICK, successes=1))


def test_a_death_while_the_engines_events_were_interrupted_is_seen_when_they_are_back() -> None:
    engine = Engine(ONE)

    def come_back() -> None:
        engine.containers.clear()
        engine.tell("relist", "")

    threading.Timer(0.05, come_back).start()
    with pytest.raises(NotReady, match="shop-app-1 is gone"):
        engine.readiness().await_ready((ONE,), None, Ready(settle=60))


def test_a_replica_killed_for_lack_of_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(ONE)
    engine.tell("oom", ONE.id)
    listen = engine.next

    def next_event(timeout: float) -> ContainerEvent | None:
        event = listen(timeout)
        if event and event.action == "oom":
            engine.kill(ONE.id, 137)
        return event

    monkeypatch.setattr(engine, "next", next_event)
    with pytest.raises(NotReady, match="was killed for lack of memory"):
        engine.readiness().await_ready((ONE,), route(closed_address()), PATIENT)


def test_the_death_of_a_container_that_is_not_ours_is_nothing_to_us() -> None:
    engine = Engine(ONE, TWO)
    engine.kill(TWO.id, 0)
    with serving(answering(http_answer(200))) as address:
        engine.readiness().await_ready((ONE,), route(address), PATIENT)
    assert ready(engine) == ["shop-app-1"]


def test_a_worker_without_route_or_healthcheck_only_has_to_stay_up() -> None:
    engine = Engine(ONE)
    engine.readiness().await_ready((ONE,), None, Ready(settle=0.05))
    assert ready(engine) == ["shop-app-1"]


def test_docker_rollout_27_28_a_worker_that_dies_while_it_settles_is_not_ready() -> None:
    engine = Engine(ONE)
    threading.Timer(0.05, engine.kill, (ONE.id, 0)).start()
    with pytest.raises(NotReady, match="shop-app-1 exited with code 0"):
        engine.readiness().await_ready((ONE,), None, Ready(settle=60))


@pytest.mark.parametrize("healthcheck", [None, Healthcheck(("true",))])
def test_a_server_that_is_reached_over_udp_need_not_accept_a_connection(
    healthcheck: Healthcheck | None,
) -> None:
    """As it cannot: it is proven by its healthcheck, or else by staying up."""
    one, engine = replace(ONE, healthcheck=healthcheck), Engine(ONE)
    engine.check = lambda _: Output(0)
    engine.readiness().await_ready(
        (one,), route(closed_address(), Protocol.UDP), Ready(settle=0.05, timeout=5)
    )
    assert ready(engine) == ["shop-app-1"]


def test_docker_rollout_46_47_51_a_healthchecks_exit_code_and_output_are_shown() -> None:
    engine = Engine(ONE)
    engine.check = lambda _: Output(1, "connecting", "curl: (7) refused")
    sick = replace(ONE, healthcheck=Healthcheck(("/bin/sh", "-c", "curl localhost")))
    with pytest.raises(NotReady, match=r"ended its check with 1 \(healthcheck") as error:
        engine.readiness().await_ready((sick,), None, QUICK)
    assert "  curl: (7) refused" in error.value.evidence


def test_a_check_that_hangs_is_told_by_its_time_and_not_by_a_code_that_it_never_gave() -> None:
    engine = Engine(ONE)
    engine.check = lambda _: HANGS
    sick = replace(ONE, healthcheck=Healthcheck(("true",), timeout=0.25))
    with pytest.raises(NotReady, match=r"did not end its check within 0\.\d+ s \(healthcheck"):
        engine.readiness().await_ready((sick,), None, QUICK)


def test_the_engines_older_verdict_is_told_but_not_believed() -> None:
    checked = replace(ONE, healthcheck=Healthcheck(("true",)), health=Health.UNHEALTHY)
    engine = Engine(checked)
    engine.readiness().await_ready((checked,), None, PATIENT)
    assert ready(engine) == ["shop-app-1"]
    assert any(isinstance(event, Noted) for event in engine.emitted)


def test_an_engine_that_is_gone_is_not_mistaken_for_a_replica_that_is_not_ready() -> None:
    def gone(_: str) -> Output:
        raise EngineUnreachable("no engine")

    engine = Engine(ONE)
    engine.check = gone
    with pytest.raises(EngineUnreachable):
        engine.readiness().await_ready(
            (replace(ONE, healthcheck=Healthcheck(("true",))),), None, QUICK
        )


@pytest.mark.parametrize("probe", ["/ping", None])
def test_a_signal_that_raises_while_waiting_ends_the_threads_too(
    probe: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(ONE, TWO)
    interrupted = _raising_after(engine.next, looks=5)
    monkeypatch.setattr(engine, "next", interrupted)
    began = time.monotonic()
    settings = Ready(path=probe, settle=60, successes=1)
    with serving(silent) as address, pytest.raises(KeyboardInterrupt):
        engine.readiness().await_ready((ONE, TWO), route(address), settings)
    assert time.monotonic() - began < LATE


def test_a_check_that_hangs_does_not_hold_back_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(HUNG)
    engine.check = lambda _: HANGS
    monkeypatch.setattr(engine, "next", _raising_after(engine.next, looks=5))
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.readiness().await_ready((HUNG,), None, PATIENT)
    assert time.monotonic() - began < LATE


def test_more_replicas_than_threads_are_all_asked() -> None:
    many = tuple(replica(number) for number in range(1, 41))
    engine = Engine(*many)
    with serving(answering(http_answer(200))) as address:
        engine.readiness().await_ready(many, route(address), replace(PATIENT, successes=1))
    assert len(ready(engine)) == 40


def _raising_after(listen: Callable[[float], object], looks: int) -> Callable[[float], object]:
    left = iter(range(looks))

    def next_event(timeout: float) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return listen(timeout)

    return next_event
