"""What `check` finds besides: each bites, and none forbids a rollout."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.config.project import Project, read_project
from composeroll.model import (
    ContainerState,
    Finding,
    Health,
    Healthcheck,
    Protocol,
    Replica,
    Severity,
)
from composeroll.rollout.checks.traps import trap_findings
from composeroll.rollout.observing.observed import Observed, ServiceState
from tests.unit.rollout.makers import ours, replica, service, state, wiring

PROVEN = Healthcheck(("true",))


def project(**services: dict[str, Any]) -> Project:
    model = {n: {"image": f"{n}:1", **raw} for n, raw in services.items()}
    return read_project({"name": "shop", "services": model}, [])


def well(number: int, **more: Any) -> Replica:  # noqa: ANN401 - fields of Replica
    return replace(replica(number), healthcheck=PROVEN, **more)


def found(one: ServiceState, *others: Replica, of: Project | None = None) -> tuple[Finding, ...]:
    everyone = (*one.replicas, *others)
    where = lambda keys: f"file:7 {'.'.join(keys)}"  # noqa: E731 - as short as a path
    return trap_findings(of or project(app={}), Observed("shop", (one,)), everyone, where)


def test_a_service_that_is_as_it_should_be_has_none() -> None:
    assert found(state([well(1)], wiring(1))) == ()


def test_docker_orchestrate_55_a_port_alone_is_a_weak_proof() -> None:
    (note,) = found(state([replica(1)], wiring(1)))
    assert (note.severity, "x-composeroll.ready.path" in note.help) == (Severity.NOTE, True)
    assert found(state([replica(1)])) == ()
    assert found(state([replica(1)], wiring(1), of=service(**ours(ready={"path": "/"})))) == ()


@pytest.mark.parametrize(
    ("protocol", "tls", "advice"),
    [
        (Protocol.FASTCGI, False, "give it a healthcheck, or"),
        (Protocol.UWSGI, False, "give it a healthcheck"),
        (Protocol.TCP, False, "give it a healthcheck"),
        (Protocol.UDP, False, "give it a healthcheck"),
        (Protocol.GRPC, True, "give it a healthcheck"),
        (Protocol.GRPC, False, ""),
    ],
)
def test_no_path_is_advised_where_it_would_be_refused(
    protocol: Protocol, *, tls: bool, advice: str
) -> None:
    wired = wiring(1)
    wired = replace(wired, route=replace(wired.route, protocol=protocol, tls=tls))
    helps = [note.help for note in found(state([replica(1)], wired))]
    assert [text.partition(" services.")[0] for text in helps] == ([advice] if advice else [])


def test_nginx_proxy_1289_an_address_that_now_is_another_services_is_named() -> None:
    other = replica(7, of="secrets")
    (warning,) = found(state([well(1)], wiring(1, 7)), other)
    assert "to shop-secrets-7, which has that address now" in warning.what
    assert warning.help == "`composeroll sync app`"


def test_what_a_killed_compose_left_is_named() -> None:
    left = replica(1, name="0123456789ab_shop-app-1", state=ContainerState.EXITED)
    twin = replace(well(2), number=1, name="shop-app-1")
    half, double = found(state([left, twin], wiring(2)))
    assert "compose was interrupted" in half.what
    assert "2 containers of app have the number 1" in double.what


@pytest.mark.parametrize(
    ("health", "running", "said"),
    [(Health.UNHEALTHY, True, "is not"), (Health.HEALTHY, False, "does not run")],
)
def test_a_dependency_that_has_to_be_healthy_and_is_not(
    health: Health, *, running: bool, said: str
) -> None:
    depends: dict[str, Any] = {"depends_on": {"db": {"condition": "service_healthy"}}}
    kind = ContainerState.RUNNING if running else ContainerState.EXITED
    database = replace(replica(5, of="db", state=kind), health=health)
    one = state([well(1)], wiring(1), of=service(**depends))
    (warning,) = found(one, database)
    assert warning.what.endswith(f"needs db to be healthy first, and it {said}")
    assert found(one, replace(replica(5, of="db"), health=Health.HEALTHY)) == ()


def test_a_link_goes_on_meaning_the_old_containers() -> None:
    linked = project(app={}, nginx={"links": ["app:backend"]})
    (warning,) = found(state([well(1)], wiring(1)), of=linked)
    assert "nginx links to app" in warning.what
    assert "(file:7 services.nginx.links)" in warning.help


def test_a_dependency_that_need_not_be_there_is_none() -> None:
    optional = {"db": {"condition": "service_healthy", "required": False}}
    assert found(state([well(1)], wiring(1), of=service(depends_on=optional))) == ()


def test_an_nginx_that_mounts_a_rolled_services_volumes_is_told_what_that_costs() -> None:
    mounted = project(app={}, nginx={"volumes_from": ["app"]}, cron={"volumes_from": ["app"]})
    (warning,) = found(state([well(1)], wiring(1)), of=mounted)
    assert warning.what.startswith("nginx mounts the volumes of app")
    assert "(file:7 services.nginx.volumes_from)" in warning.help


@pytest.mark.parametrize(
    ("raw", "said", "key"),
    [
        ({"deploy": {"mode": "global"}}, "compose ignores the deploy.mode", "deploy.mode"),
        ({"stop_grace_period": "0s"}, "killed with no time", "stop_grace_period"),
    ],
)
def test_what_the_file_says_in_vain_or_to_its_harm(
    raw: dict[str, Any], said: str, key: str
) -> None:
    (warning,) = found(state([well(1)], wiring(1), of=service(**raw)))
    assert said in warning.what
    assert f"(file:7 services.app.{key})" in warning.help


def test_what_is_only_built_is_not_pulled() -> None:
    built = read_project({"name": "shop", "services": {"app": {"build": "."}}}, [])
    (note,) = found(state([well(1)], wiring(1), of=built.services["app"]))
    assert (note.severity, note.help) == (
        Severity.NOTE,
        "before an update: `docker compose build app`",
    )


def test_what_no_rollout_follows_of_composes_own_settings_is_noted() -> None:
    config = {"order": "start-first", "delay": "10s", "failure_action": "pause"}
    said = found(state([well(1)], wiring(1), of=service(deploy={"update_config": config})))
    assert {f.severity for f in said} == {Severity.NOTE}
    assert [f.what.partition("update_config.")[2].split()[0] for f in said] == [
        "delay",
        "failure_action",
    ]
    assert "(file:7 services.app.deploy.update_config.delay)" in said[0].help
    followed = {"update_config": {"parallelism": 1, "failure_action": "rollback"}}
    assert found(state([well(1)], wiring(1), of=service(deploy=followed))) == ()
