"""What compose does at the start and the stop of a container besides."""

from __future__ import annotations

from typing import Any

import pytest

from composeroll.config.project import Service, read_project
from composeroll.model import Hook

CONFIGS = {"inline": {"content": "a=1"}, "mounted": {"file": "./a"}, "env": {"environment": "A"}}


def app(**raw: Any) -> Service:  # noqa: ANN401 - as in YAML
    model = {
        "name": "shop",
        "services": {"app": raw},
        "configs": CONFIGS,
        "secrets": {"token": {"environment": "TOKEN"}, "key": {"file": "./key"}},
    }
    return read_project(model, []).services["app"]


@pytest.mark.parametrize(
    ("raw", "done"),
    [
        ({}, ()),
        ({"configs": [{"source": "mounted"}], "secrets": [{"source": "key"}]}, ()),
        ({"configs": [{"source": "inline", "target": "/a"}]}, ("configs.inline",)),
        ({"configs": ["env"], "secrets": ["token"]}, ("configs.env", "secrets.token")),
        ({"post_start": [{"command": ["true"]}]}, ("post_start",)),
        ({"pre_start": [{"command": ["migrate"], "image": "app:2"}]}, ("pre_start",)),
        ({"use_api_socket": True}, ("use_api_socket",)),
    ],
)
def test_what_has_no_file_is_copied_in_by_whoever_starts_a_container(
    raw: dict[str, Any], done: tuple[str, ...]
) -> None:
    assert app(**raw).done_at_start == done


def test_hooks_before_the_start_need_images_of_their_own() -> None:
    """Compose prints the service's own for those that name none."""
    hooks = [{"command": ["a"], "image": "tool:1"}, {"command": ["b"], "image": "app:1"}]
    hooks += [{"command": ["c"], "image": "tool:1"}, {"command": ["d"]}]
    assert app(image="app:1", pre_start=hooks).hook_images == ("tool:1",)


def test_a_hooks_variable_without_a_value_is_no_text() -> None:
    """Compose hands the bare name on, by which the engine leaves the variable out."""
    (hook,) = app(pre_stop=[{"command": ["bye"], "environment": {"A": None, "B": ""}}]).stop_hooks
    assert hook.environment == ("A", "B=")


def test_hooks_are_read_with_all_that_they_say() -> None:
    full_hook = {
        "command": ["sh", "-c", "bye $$1"],
        "user": "root",
        "environment": {"A": "1"},
        "working_dir": "/srv",
        "privileged": True,
    }
    plain, full = app(pre_stop=[{"command": ["bye"]}, full_hook]).stop_hooks
    assert plain == Hook(("bye",))
    assert full == Hook(("sh", "-c", "bye $1"), "root", ("A=1",), "/srv", privileged=True)
