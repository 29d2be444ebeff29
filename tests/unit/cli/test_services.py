"""Which services a command line means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from composeroll.cli.services import services_of
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


def test_docker_rollout_48_49_several_are_taken_as_they_are_named(stack: Stack) -> None:
    assert services_of(stack, ("worker", "app"), everything=False) == ("worker", "app")


def test_who_names_none_is_told_which_there_are(stack: Stack) -> None:
    with pytest.raises(UsageError) as error:
        services_of(stack, (), everything=False)
    assert "app, front, api, worker" in str(error.value.help)
