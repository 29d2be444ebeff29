"""Which services a command line means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.cli.services import all_but_nginx, services_of
from composeroll.config.project import read_project
from composeroll.errors import UsageError
from composeroll.rollout.stack import Stack

SERVICES = ("app", "front", "api", "worker")


@pytest.fixture
def stack() -> Stack:
    """A file of four services, one of which is nginx."""
    model = {name: {"image": f"{name}:1"} for name in SERVICES} | {"front": {"image": "nginx:1"}}
    project = read_project({"name": "shop", "services": model}, [])
    return cast("Stack", SimpleNamespace(project=project))


def test_docker_rollout_48_49_all_means_every_service_but_nginx(stack: Stack) -> None:
    assert services_of(stack, (), everything=True) == ("app", "api", "worker")


def test_without_names_only_services_of_active_profiles_are_meant() -> None:
    model = {"app": {}, "migrate": {"profiles": ["tools", "ops"]}, "night": {"profiles": ["cron"]}}
    meant = {
        active: all_but_nginx(_stack_of(model, active))
        for active in ((), ("ops",), ("cron", "tools"), ("*",))
    }
    assert meant == {
        (): ("app",),
        ("ops",): ("app", "migrate"),
        ("cron", "tools"): ("app", "migrate", "night"),
        ("*",): ("app", "migrate", "night"),
    }


def test_a_service_that_only_a_profile_shows_can_be_named() -> None:
    stack = _stack_of({"app": {}, "migrate": {"profiles": ["tools"]}}, ())
    assert services_of(stack, ("migrate",), everything=False) == ("migrate",)
    assert [service.name for service in stack.project.pick(["migrate"])] == ["migrate"]


def _stack_of(model: dict[str, Any], active: tuple[str, ...]) -> Stack:
    services = {name: {"image": f"{name}:1"} | raw for name, raw in model.items()}
    services["front"] = {"image": "nginx:1"}
    project = read_project({"name": "shop", "services": services}, [], active)
    return cast("Stack", SimpleNamespace(project=project))


def test_docker_rollout_48_49_several_are_taken_as_they_are_named(stack: Stack) -> None:
    assert services_of(stack, ("worker", "app"), everything=False) == ("worker", "app")


def test_who_names_none_is_told_which_there_are(stack: Stack) -> None:
    with pytest.raises(UsageError) as error:
        services_of(stack, (), everything=False)
    assert "app, front, api, worker" in str(error.value.help)
