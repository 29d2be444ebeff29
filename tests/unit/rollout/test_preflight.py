"""What stands in the way is found beforehand, each with the line to change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.config.project import read_project
from composeroll.errors import Refused
from composeroll.model import ContainerState, Finding, Locate, Mount, Protocol, Replica, Severity
from composeroll.rollout.checks.preflight import merged, preflight_findings, refuse
from composeroll.rollout.observing.observed import Observed, ServiceState
from tests.unit.rollout.makers import NEW, ours, replica, service, state, wiring

STOP_FIRST: dict[str, Any] = {"x-composeroll": {"order": "stop-first"}}
OBSTACLES: dict[str, dict[str, Any]] = {
    "container_name": {"container_name": "the-app"},
    "ports": {"ports": [{"published": "80", "target": 8080}]},
    "networks.front.ipv4_address": {"networks": {"front": {"ipv4_address": "10.0.0.9"}}},
    "networks.front.ipv6_address": {"networks": {"front": {"ipv6_address": "fd00::9"}}},
    "networks.front.mac_address": {"networks": {"front": {"mac_address": "02:42:ac:11:00:09"}}},
    "mac_address": {"mac_address": "02:42:ac:11:00:09"},
    "network_mode": {"network_mode": "host"},
}


def found(
    *states: ServiceState,
    obstacles: tuple[str, ...] = (),
    leaving: Collection[str] = (),
    ahead: bool = True,
) -> tuple[Finding, ...]:
    observed = Observed("shop", states, obstacles)
    return preflight_findings(
        observed, lambda keys: f"file:7 {'.'.join(keys)}", leaving, ahead=ahead
    )


@pytest.mark.parametrize("key", OBSTACLES)
def test_what_keeps_a_service_from_running_twice_is_refused_with_its_line(key: str) -> None:
    (finding,) = found(state([replica(1)], wiring(1), of=service(**OBSTACLES[key])))
    assert finding.severity is Severity.REFUSAL
    assert finding.what.startswith("app cannot run twice: ")
    assert f"remove {key}: " in finding.help
    assert f"(file:7 services.app.{key})" in finding.help
    assert "--order stop-first" in finding.help


@pytest.mark.parametrize("key", [*OBSTACLES, "volumes"])
def test_beside_other_services_nobody_is_advised_to_stop_all_of_them_first(key: str) -> None:
    volumes = {"volumes": [{"type": "volume", "source": "data", "target": "/data"}]}
    one = state([replica(1)], of=service("db", **OBSTACLES.get(key, volumes)))
    (finding,) = found(one, state([replica(2)], wiring(2)))
    assert "--order" not in finding.help
    assert "accept a gap with services.db.x-composeroll.order: stop-first" in finding.help


@pytest.mark.parametrize("key", OBSTACLES)
def test_who_accepts_a_gap_is_not_refused(key: str) -> None:
    accepting = service(**OBSTACLES[key], **STOP_FIRST)
    assert not found(state([replica(1)], wiring(1), of=accepting))


@pytest.mark.parametrize("key", [key for key in OBSTACLES if key != "network_mode"])
@pytest.mark.parametrize("order", [{}, STOP_FIRST])
def test_no_gap_helps_who_wants_two_of_it_for_good(key: str, order: dict[str, Any]) -> None:
    one = state([replica(1)], wiring(1), of=service(**OBSTACLES[key], **order))
    observed = Observed("shop", (one,), ())
    refusal, *_ = preflight_findings(observed, ".".join, counts={"app": 2})
    assert refusal.severity is Severity.REFUSAL
    assert refusal.what.startswith("app cannot run 2 times: two containers cannot ")
    assert refusal.help.startswith(f"remove {key}: ")
    assert "stop-first" not in refusal.help
    one = replace(one, service=service(**OBSTACLES[key], **STOP_FIRST))
    assert not preflight_findings(Observed("shop", (one,), ()), ".".join, counts={"app": 1})


@pytest.mark.parametrize("runs", [ContainerState.EXITED, ContainerState.RUNNING])
def test_a_migration_that_is_over_may_have_a_name_of_its_own(runs: ContainerState) -> None:
    """It does not have to run twice, nor is anybody without it while it is replaced."""
    migration = state(
        [replica(1, state=runs)], of=service(**OBSTACLES["container_name"]), must_end=True
    )
    assert bool(found(migration)) == (runs is ContainerState.RUNNING)


def test_a_second_container_of_one_name_is_no_replica_that_the_file_should_ask_for() -> None:
    second = replica(1, name="0123456789ab_the-app")
    alone = service(**OBSTACLES["container_name"], **STOP_FIRST)
    assert not found(state([replica(1, name="the-app"), second], of=alone))


def test_containers_with_the_hosts_network_may_be_several_where_a_gap_is_accepted() -> None:
    one = state([replica(1)], of=service(network_mode="host", **STOP_FIRST))
    found = preflight_findings(Observed("shop", (one,), ()), ".".join, counts={"app": 2})
    assert {finding.severity for finding in found} == {Severity.WARNING}


@pytest.mark.parametrize(("protocol", "refused"), [("uwsgi", True), ("http", False)])
def test_a_path_that_nobody_can_be_asked_for_is_refused(protocol: str, *, refused: bool) -> None:
    place = wiring(1)
    place = replace(place, route=replace(place.route, protocol=Protocol(protocol)))
    asking = service(**ours(ready={"path": "/up"}))
    what = [f.what for f in found(state([replica(1)], place, of=asking))]
    expected = "app: ready.path is /up, but requests for a path are not supported over uwsgi"
    assert what == ([expected] if refused else [])


PRE_START: dict[str, Any] = {"pre_start": [{"command": ["migrate"]}]}


def test_a_pre_start_that_compose_would_pass_over_is_refused_where_replicas_are_replaced() -> None:
    one = state([replica(1)], wiring(1), of=service(**PRE_START))
    (finding,) = found(one, leaving=[replica(1).id])
    assert finding.severity is Severity.REFUSAL
    assert finding.what.startswith("compose runs the pre_start of app only if none of its")
    assert "service_completed_successfully" in finding.help
    assert "--order stop-first" in finding.help


@pytest.mark.parametrize("order", [{}, STOP_FIRST])
def test_a_pre_start_is_composes_own_where_nothing_runs_or_all_goes_or_only_more_come(
    order: dict[str, Any],
) -> None:
    app = service(**PRE_START, **order)
    down = replica(1, state=ContainerState.EXITED)
    assert not found(state([down], wiring(), of=app), leaving=[down.id])
    assert not found(state([replica(1)], wiring(1), of=app))
    accepting = service(**PRE_START, **STOP_FIRST)
    assert not found(state([replica(1)], wiring(1), of=accepting), leaving=[replica(1).id])


def test_a_paused_replica_is_refused_with_the_command_that_helps() -> None:
    (finding,) = found(state([replica(1, state=ContainerState.PAUSED)]))
    assert (finding.severity, finding.help) == (Severity.REFUSAL, "docker unpause shop-app-1")


def test_a_store_that_would_have_two_writers_is_refused() -> None:
    redis = service(volumes=[{"type": "volume", "source": "data", "target": "/data"}])
    (finding,) = found(state([replica(1)], of=redis))
    assert finding.severity is Severity.REFUSAL
    assert "writes to volume data" in finding.what
    assert "--order stop-first" in finding.help


ALONE: list[dict[str, Any]] = [
    {"container_name": "the-app"},
    {"volumes": [{"type": "volume", "source": "data", "target": "/data"}]},
]


@pytest.mark.parametrize("raw", ALONE)
def test_what_cannot_run_twice_is_refused_where_it_has_to_and_else_told_ahead(
    raw: dict[str, Any],
) -> None:
    """A nightly `update --all` was refused for a redis to which nothing was to happen."""
    one = state([replica(1)], of=service(**raw))
    assert found(one)
    assert not found(one, ahead=False)
    assert found(one, leaving=[replica(1).id], ahead=False)
    more = preflight_findings(Observed("shop", (one,), ()), ".".join, counts={"app": 2})
    assert more[0].severity is Severity.REFUSAL


def test_what_has_ended_writes_to_its_volume_no_more() -> None:
    volume = {"type": "volume", "source": "data", "target": "/data"}
    ended = replace(replica(1, state=ContainerState.EXITED), restart_policy="no")
    one = state([ended], of=service(volumes=[volume]), must_end=True, ran=True)
    assert not found(one, leaving=[ended.id])


def test_a_volume_that_is_mounted_at_two_places_is_named_once() -> None:
    places = [
        {"type": "volume", "source": source, "target": f"/{number}"}
        for number, source in enumerate(("data", "data", "backups"))
    ]
    (finding,) = found(state([replica(1)], of=service(volumes=places)))
    assert "writes to volume data and backups: " in finding.what


def test_a_store_on_a_directory_of_the_host_is_refused_too() -> None:
    data = Mount("/data", "bind", writable=True, source="/srv/redis", declared=True)
    script = Mount("/init.sh", "bind", writable=True, source="/srv/init.sh")
    store = replace(replica(1), mounts=(data, script))
    (finding,) = found(state([store]))
    assert finding.severity is Severity.REFUSAL
    assert "writes to /srv/redis: old and new replicas" in finding.what
    volume = {"type": "volume", "source": "more", "target": "/more"}
    (finding,) = found(state([store], of=service(volumes=[volume])))
    assert "writes to volume more and /srv/redis: " in finding.what
    assert not found(state([replace(store, mounts=(script,))]))
    assert not found(state([store], of=service(**STOP_FIRST)))


def test_of_a_service_whose_place_is_refused_nobody_says_that_nginx_sends_it_nothing() -> None:
    web = service(volumes=[{"type": "volume", "source": "media", "target": "/media"}])
    why = Refused("upstream app stands in nginx.conf, which holds more", help="move the block")
    assert [f.what for f in found(state([replica(1)], of=web, refusal=why))] == [why.what]


def test_nor_of_one_that_nginx_may_reach_by_a_socket_in_its_volume() -> None:
    """Both were told of php-fpm behind a unix socket, and the second denied the first."""
    fpm = service(volumes=[{"type": "volume", "source": "sockets", "target": "/run/php"}])
    reached = Finding(Severity.REFUSAL, "nginx may reach app by the unix socket /run/php/fpm.sock")
    assert [f.what for f in found(state([replica(1)], of=fpm, unseen=(reached,)))] == [reached.what]
    warned = replace(reached, severity=Severity.WARNING)
    assert len(found(state([replica(1)], of=fpm, unseen=(warned,)))) == 2


def test_a_store_that_only_reads_may_run_twice() -> None:
    volume = {"type": "volume", "source": "data", "target": "/data", "read_only": True}
    assert not found(state([replica(1)], of=service(volumes=[volume])))


def test_more_replicas_than_the_file_asks_for_are_a_warning() -> None:
    (finding,) = found(state([replica(1, NEW), replica(2, NEW)], wiring(1, 2)))
    assert finding.severity is Severity.WARNING
    assert "2 replicas of app run, but the file does not say how many" in finding.what
    assert finding.help == "services.app: scale: 2 (file:7 services.app.scale)"


def written_at(*keys: str) -> Locate:
    """A file that has these keys and no other, all of them in line 9."""
    known = {".".join(keys[:many]) for many in range(1, len(keys) + 1)}
    return lambda asked: "compose.yml:9" if ".".join(asked) in known else ".".join(asked)


def test_the_number_is_written_where_the_file_has_it_since_compose_wants_one_form_only() -> None:
    found = Observed("shop", (state([replica(1, NEW), replica(2, NEW)], wiring(1, 2)),), ())
    (short,) = preflight_findings(found, written_at("services", "app", "scale"))
    (long,) = preflight_findings(found, written_at("services", "app", "deploy", "replicas"))
    (neither,) = preflight_findings(found, written_at("services", "app"))
    assert short.help == neither.help == "services.app: scale: 2 (compose.yml:9)"
    assert long.help == "services.app: deploy.replicas: 2 (compose.yml:9)"


def test_a_service_that_the_file_switches_off_is_told_to_run() -> None:
    off = state([replica(1)], of=service(scale=0))
    (finding,) = found(off)
    assert finding.severity is Severity.WARNING
    assert finding.what.startswith("1 replica of app runs, but the file says 0")


def test_scale_warns_of_the_number_it_is_to_reach_and_not_of_the_one_it_mends() -> None:
    found = Observed("shop", (state([replica(1, NEW), replica(2, NEW)], wiring(1, 2)),), ())
    (up,) = preflight_findings(found, written_at("services", "app"), counts={"app": 3})
    assert "3 replicas of app are to run, but the file does not say" in up.what
    assert not preflight_findings(found, written_at("services", "app"), counts={"app": 1})


def test_who_goes_on_seeing_old_volumes_is_a_warning() -> None:
    (finding,) = found(state([replica(1)], data_only=True, unlisted=("nginx",)))
    assert finding.severity is Severity.WARNING
    assert "docker compose up -d --no-deps nginx" in finding.help


def test_a_service_with_variables_of_a_provider_is_refused_where_new_replicas_are_needed() -> None:
    services = {
        "app": {"image": "app:1", "depends_on": {"db": {"condition": "service_started"}}},
        "db": {"provider": {"type": "cloud"}},
    }
    app = read_project({"name": "shop", "services": services}, []).services["app"]
    old = state([replica(1)], of=app)
    (finding,) = found(old, leaving=[replica(1).id], ahead=False)
    assert finding.severity is Severity.REFUSAL
    assert "app depends on db" in finding.what
    assert not found(old, ahead=False)


def test_what_dies_with_a_replica_is_a_warning_where_that_is_replaced() -> None:
    old = state([replica(1)], guests=("reloader",))
    (finding,) = found(old, leaving=[replica(1).id], ahead=False)
    assert finding.severity is Severity.WARNING
    assert "with `pid` that kills reloader" in finding.what
    assert "`docker compose up -d --no-deps reloader`" in finding.help
    assert not found(old, ahead=False)


def test_what_compose_would_break_is_a_refusal_in_its_own_words() -> None:
    (finding,) = found(obstacles=("Network shop_default Recreate",))
    assert finding.severity is Severity.REFUSAL
    assert "Network shop_default Recreate" in finding.what
    assert "a network in the file has changed" in finding.help


def test_only_what_is_about_a_network_is_blamed_on_one() -> None:
    (finding,) = found(obstacles=("Container shop-app-1 Removing",))
    assert finding.severity is Severity.REFUSAL
    assert "network" not in finding.help


def test_a_volume_that_the_file_defines_anew_is_a_warning_and_no_refusal() -> None:
    (finding,) = found(obstacles=("Volume shop_data Recreate",))
    assert finding.severity is Severity.WARNING
    assert finding.what.startswith("volume shop_data is not as the file defines it")


def test_refusals_come_first_and_all_of_them_are_told_at_once() -> None:
    warned = state([replica(1, NEW), replica(2, NEW)], wiring(1, 2))
    paused = [replica(n, state=ContainerState.PAUSED) for n in (4, 5)]
    observed = Observed("shop", (warned, state(paused)))
    sorted_ = preflight_findings(observed, ".".join)
    assert [f.severity for f in sorted_] == [*[Severity.REFUSAL] * 2, Severity.WARNING]
    with pytest.raises(Refused, match="shop-app-4 is paused") as refusal:
        refuse(observed, sorted_)
    assert refusal.value.serving == "nothing was touched"
    assert refusal.value.help == "docker unpause shop-app-4"
    assert "shop-app-5 is paused" in refusal.value.evidence[0]


def test_warnings_alone_refuse_nothing() -> None:
    observed = Observed("shop", (state([replica(1, NEW), replica(2, NEW)], wiring(1, 2)),))
    refuse(observed, preflight_findings(observed, ".".join))


def test_a_gateway_is_not_replaced_in_one_rollout_with_what_it_serves() -> None:
    nginx = state([replica(2, of="nginx")], of=service("nginx"))
    (finding,) = found(state([replica(1)], wiring(1)), nginx)
    assert finding.severity is Severity.REFUSAL
    assert finding.what == ("nginx runs the nginx in front of app: one rollout cannot replace both")
    assert finding.help == "update nginx in a separate run"


def test_a_server_whose_anonymous_volumes_others_mount_is_not_replaced() -> None:
    db = state([replica(1)], anonymous_volumes=("/var/lib/data",), sharing=("backup",))
    (refusal,) = preflight_findings(Observed("shop", (db,)), ".".join, [replica(1).id])
    assert refusal.severity is Severity.REFUSAL
    assert "losing what it wrote to /var/lib/data, which backup mounts" in refusal.what
    assert "services.app.volumes: [data:/var/lib/data]" in refusal.help
    (warning,) = preflight_findings(Observed("shop", (db,)), ".".join)
    assert warning.severity is Severity.WARNING


def test_code_that_has_failed_where_it_is_is_run_again_with_the_volumes_it_has() -> None:
    """To give it new ones as well would cost a database, that failed to start, its data."""
    failed = replace(replica(1, state=ContainerState.EXITED), exit_code=1)
    code = state([failed], anonymous_volumes=("/code",), sharing=("fpm",))
    (refusal,) = preflight_findings(Observed("shop", (code,)), ".".join)
    assert refusal.severity is Severity.REFUSAL
    assert refusal.help.endswith(
        "`docker compose pull app` and `docker compose up -d --no-deps app`"
    )


def test_anonymous_volumes_that_nobody_else_mounts_are_a_warning_with_the_line() -> None:
    (finding,) = found(state([replica(1)], anonymous_volumes=("/a/data", "/b/data")))
    assert finding.severity is Severity.WARNING
    assert finding.help.endswith("services.app.volumes: [a-data:/a/data, b-data:/b/data]")


def test_who_has_named_the_volume_since_is_told_how_to_keep_what_is_in_the_old_one() -> None:
    volume = {"type": "volume", "source": "data", "target": "/data"}
    redis = service(volumes=[volume], **STOP_FIRST)
    (finding,) = found(state([replica(1)], of=redis, anonymous_volumes=("/data",)))
    assert finding.help.endswith("`docker compose up -d --no-deps app`")


def test_volumes_that_compose_hands_on_or_that_hold_code_are_no_finding() -> None:
    named = service(container_name="the-app", **STOP_FIRST)
    assert not found(state([replica(1)], of=named, anonymous_volumes=("/data",)))
    assert not found(
        state([replica(1)], data_only=True, anonymous_volumes=("/data",), sharing=("fpm",))
    )


def test_what_is_found_of_several_services_is_about_none_of_them() -> None:
    same = Finding(Severity.NOTE, "nginx has no keepalive")
    own = Finding(Severity.NOTE, "app has none").about("app")
    expected = merged([same.about("app"), own, same.about("api")])
    assert [(f.what, f.service) for f in expected] == [(same.what, ""), (own.what, "app")]


@pytest.mark.parametrize(
    ("replicas", "what", "help_"),
    [
        ([replica(1)], "app cannot run twice", "remove network_mode: service:edge"),
        (
            [replica(1, state=ContainerState.EXITED)],
            "app does not run; it shares the network of edge",
            "docker compose up -d --no-deps app",
        ),
        ([], "app does not run", "docker compose up -d --no-deps app"),
    ],
)
def test_what_is_down_in_the_network_of_another_is_started_by_compose(
    replicas: list[Replica], what: str, help_: str
) -> None:
    (finding,) = found(state(replicas, of=service(network_mode="service:edge")))
    assert what in finding.what
    assert help_ in finding.help
