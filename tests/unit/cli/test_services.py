"""Which services a command line means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.cli.services import active_services, all_but_nginx, services_of
from composeroll.config.project import read_project
from composeroll.errors import EngineError, GatewayUnread, Refused, UsageError
from composeroll.model import ContainerState
from composeroll.report.events import Noted
from composeroll.rollout.stack import Stack
from tests.unit.rollout.makers import ours, replica

SERVICES = ("app", "front", "api", "worker", "migrate", "code", "crashed")
ENDED = ContainerState.EXITED
REPLICAS = (
    replica(1, of="worker"),
    replica(2, of="worker", state=ENDED),
    replica(3, of="migrate", state=ENDED),
    replica(4, of="code", state=ENDED),
    replace(replica(5, of="crashed", state=ENDED), exit_code=1),
)
ALL = ("app", "api", "worker", "code", "crashed")
ENDS_WELL = "service_completed_successfully"
TOLD: list[Noted] = []
WORLD = SimpleNamespace(emit=TOLD.append)


@pytest.fixture
def stack() -> Stack:
    """A file of four services, one of which is nginx."""
    model: dict[str, Any] = {name: {"image": f"{name}:1"} for name in SERVICES}
    model["front"]["image"] = "nginx:1"
    model["app"]["volumes_from"] = ["code"]
    TOLD.clear()
    project = read_project({"name": "shop", "services": model}, [])
    engine = SimpleNamespace(replicas=lambda: REPLICAS)
    return cast("Stack", SimpleNamespace(project=project, engine=engine, world=WORLD))


def test_docker_rollout_48_49_all_means_every_service_but_nginx(stack: Stack) -> None:
    assert services_of(stack, (), everything=True) == ALL


def test_all_leaves_alone_what_was_run_once_and_has_ended_well_and_says_so(stack: Stack) -> None:
    assert "migrate" not in services_of(stack, (), everything=True)
    assert TOLD[-1].text.startswith("migrate has ended and is left alone")
    assert services_of(stack, ("migrate",), everything=False) == ("migrate",)


def test_all_means_what_others_wait_for_too_though_it_has_ended(stack: Stack) -> None:
    """A new version of a migration has to come before the code that needs it."""
    waits = {"app": {"image": "app:2", "depends_on": {"migrate": {"condition": ENDS_WELL}}}}
    model = {"front": {"image": "nginx:1"}, "migrate": {"image": "app:2"}, **waits}
    project = read_project({"name": "shop", "services": model}, [])
    one = cast("Stack", SimpleNamespace(project=project, engine=stack.engine, world=WORLD))
    assert services_of(one, (), everything=True) == ("migrate", "app")
    assert not TOLD[0].text.startswith("migrate")


def test_without_names_only_services_of_active_profiles_are_meant() -> None:
    model = {"app": {}, "migrate": {"profiles": ["tools", "ops"]}, "night": {"profiles": ["cron"]}}
    shown = ("front", "app", "migrate")  # as compose lists them
    assert all_but_nginx(_stack_of(model, shown)) == ("app", "migrate")


def test_where_compose_cannot_tell_which_are_active_those_without_profiles_are_meant() -> None:
    model = {"app": {}, "migrate": {"profiles": ["tools"]}, "db": {"profiles": ["data"]}}
    project = _stack_of(model, ()).project
    refuses = EngineError('service "migrate" depends on undefined service "db": invalid project')

    def shown() -> tuple[str, ...]:
        raise refuses

    TOLD.clear()
    assert set(active_services(project, shown, WORLD.emit)) == {"app", "front"}
    (note,) = TOLD
    assert refuses.what in note.text
    assert set(active_services(project, lambda: ("app", "db"), WORLD.emit)) == {"app", "db"}
    assert len(TOLD) == 1


def test_without_profiles_nobody_asks_compose_which_are_active() -> None:
    stack = _stack_of({"app": {}, "worker": {}}, ())
    assert all_but_nginx(stack) == ("app", "worker")


def test_who_names_services_does_not_mean_all_of_them(stack: Stack) -> None:
    with pytest.raises(UsageError, match="or --all"):
        services_of(stack, ("app",), everything=True)


def test_a_service_that_only_a_profile_shows_can_be_named() -> None:
    stack = _stack_of({"app": {}, "migrate": {"profiles": ["tools"]}}, ())
    assert services_of(stack, ("migrate",), everything=False) == ("migrate",)
    assert [service.name for service in stack.project.pick(["migrate"])] == ["migrate"]


def _stack_of(model: dict[str, Any], active: tuple[str, ...]) -> Stack:
    services = {name: {"image": f"{name}:1"} | raw for name, raw in model.items()}
    services["front"] = {"image": "nginx:1"}
    project = read_project({"name": "shop", "services": services}, [])
    return cast("Stack", SimpleNamespace(project=project, active=lambda: active))


def test_docker_rollout_48_49_several_are_taken_as_they_are_named(stack: Stack) -> None:
    assert services_of(stack, ("worker", "app"), everything=False) == ("worker", "app")


def test_who_names_none_is_told_which_there_are(stack: Stack) -> None:
    with pytest.raises(UsageError) as error:
        services_of(stack, (), everything=False)
    assert "app, front, api, worker" in str(error.value.help)


def test_all_names_the_gateway_that_it_leaves_alone(stack: Stack) -> None:
    assert "front" not in services_of(stack, (), everything=True)
    assert any(noted.text.startswith("front is treated as a gateway and left") for noted in TOLD)


UPDATES = "`composeroll update nginx` updates it"
PORTS = [{"target": 80, "published": "80", "protocol": "tcp"}]
NEEDS = "`composeroll check nginx` says what its update needs"


@pytest.mark.parametrize(
    ("raw", "helps"),
    [
        ({"ports": PORTS}, NEEDS),
        ({}, NEEDS),
        ({"ports": PORTS, **ours(order="stop-first")}, UPDATES),
        ({"network_mode": "service:edge", "container_name": "nginx"}, UPDATES),
    ],
)
def test_all_says_how_to_update_a_gateway_only_where_that_is_not_refused_for_want_of_an_edge(
    raw: dict[str, Any], helps: str
) -> None:
    TOLD.clear()
    services_of(_with_tenants(nginx={"image": "nginx:1", **raw}, edge={}), (), everything=True)
    note = TOLD[0].text
    assert note == f"nginx is treated as a gateway and left alone: {helps}"


def test_what_is_only_called_nginx_is_no_gateway_where_another_one_runs() -> None:
    exporter = {"image": "nginx/nginx-prometheus-exporter:1"}
    stack = _running_nginx(exporter, fronts={"front"})
    assert services_of(stack, (), everything=True) == ("app", "exporter")
    assert [noted.text.split()[0] for noted in TOLD] == ["front"]


@pytest.mark.parametrize("fronts", [{"front", "exporter"}, set(), None])
def test_what_is_called_nginx_and_may_be_one_is_left_alone(fronts: set[str] | None) -> None:
    assert all_but_nginx(_running_nginx({"image": "nginx-of-ours:1"}, fronts=fronts)) == ("app",)


def test_an_nginx_that_could_not_be_read_is_left_alone() -> None:
    ours = {"image": "nginx-of-ours:1"}
    stack = _running_nginx(ours, fronts={"front"}, unread=("exporter",))
    assert all_but_nginx(stack) == ("app",)


def test_what_is_called_nginx_and_cannot_run_twice_is_left_alone() -> None:
    exporter = {"image": "nginx-exporter:1", "container_name": "exporter"}
    assert all_but_nginx(_running_nginx(exporter, fronts={"front"})) == ("app",)


SIDECAR = {"image": "exporter:1", "network_mode": "service:web"}
HOSTED = {"image": "nginx:1", "network_mode": "service:edge"}


def _with_tenants(*idle: str, **model: dict[str, Any]) -> Stack:
    """A file of these services, of which some do nothing."""
    replicas = tuple(
        replace(replica(number, of=name), command=("sleep",) if name in idle else ("serve",))
        for number, name in enumerate(model, 1)
    )
    made = SimpleNamespace(
        project=read_project({"name": "shop", "services": model}, []),
        engine=SimpleNamespace(replicas=lambda: replicas),
        survey=SimpleNamespace(look=lambda *_, **__: SimpleNamespace(wirings={}, fronts={})),
        world=WORLD,
    )
    return cast("Stack", made)


def test_the_edge_of_a_gateway_is_left_alone() -> None:
    stack = _with_tenants(edge={"image": "busybox:1"}, nginx=HOSTED, web={"image": "web:1"})
    assert all_but_nginx(stack) == ("nginx", "web")


@pytest.mark.parametrize("nginx", [{}, {"nginx": {"image": "nginx:1"}}])
def test_a_service_with_a_sidecar_in_its_network_namespace_is_no_edge(
    nginx: dict[str, dict[str, Any]],
) -> None:
    stack = _with_tenants(web={"image": "web:1"}, exporter=SIDECAR, **nginx)
    assert all_but_nginx(stack) == ("web", "exporter")


def test_what_only_idles_is_the_edge_of_whatever_lives_there_under_any_name() -> None:
    proxy = {"image": "openresty:1", "network_mode": "service:edge"}
    assert all_but_nginx(_with_tenants("edge", edge={}, proxy=proxy)) == ("proxy",)


def _running_nginx(
    exporter: dict[str, Any], *, fronts: set[str] | None, unread: tuple[str, ...] = ()
) -> Stack:
    """A stack in which these services run nginx; None where nginx rejects its own files."""

    def look(*_: object, preflight: bool) -> SimpleNamespace:
        assert not preflight
        if fronts is None:
            raise Refused("nginx rejects its own files")
        why = GatewayUnread("its nginx could not be read")
        return SimpleNamespace(fronts=dict.fromkeys(fronts), wirings=dict.fromkeys(unread, why))

    services = {"app": {"image": "app:1"}, "front": {"image": "nginx:1"}, "exporter": exporter}
    TOLD.clear()
    replicas = tuple(replica(number, of=name) for number, name in enumerate(services, 1))
    made = SimpleNamespace(
        project=read_project({"name": "shop", "services": services}, []),
        engine=SimpleNamespace(replicas=lambda: replicas),
        survey=SimpleNamespace(look=look),
        world=WORLD,
    )
    return cast("Stack", made)
