"""Where the engine is."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.api.endpoint import Endpoint, resolve
from composeroll.errors import UsageError

STAGING = "ssh://deploy@staging.example"
LAB = "unix:///run/lab.sock"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A docker configuration with two contexts, of which `lab` is the current one."""
    for name, host in (("staging", STAGING), ("lab", LAB)):
        meta = tmp_path / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
        meta.mkdir(parents=True)
        document = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}
        (meta / "meta.json").write_text(json.dumps(document))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "lab"}))
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "environment", "host"),
    [
        (ComposeFlags(), {}, LAB),
        (ComposeFlags(), {"DOCKER_CONTEXT": "staging"}, STAGING),
        (ComposeFlags(), {"DOCKER_CONTEXT": "staging", "DOCKER_HOST": "unix:///e"}, "unix:///e"),
        (ComposeFlags(context="staging"), {"DOCKER_HOST": "unix:///e"}, STAGING),
        (ComposeFlags(host="unix:///f"), {"DOCKER_CONTEXT": "staging"}, "unix:///f"),
        (ComposeFlags(context="default"), {"DOCKER_HOST": "unix:///e"}, "unix:///e"),
        (ComposeFlags(), {"DOCKER_CONTEXT": "default"}, "unix:///var/run/docker.sock"),
    ],
)
def test_flags_beat_docker_host_beats_docker_context_beats_the_current_context(
    config: Path, flags: ComposeFlags, environment: Mapping[str, str], host: str
) -> None:
    assert resolve(flags, {"DOCKER_CONFIG": str(config), **environment}).host == host


def test_without_any_configuration_it_is_the_local_socket(tmp_path: Path) -> None:
    endpoint = resolve(ComposeFlags(), {"DOCKER_CONFIG": str(tmp_path / "none")})
    assert endpoint.socket_path == "/var/run/docker.sock"


def test_a_user_without_a_home_has_the_configuration_that_docker_finds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Observed of docker itself: it is the working directory's."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.chdir(tmp_path)
    assert resolve(ComposeFlags(), {}).socket_path == "/var/run/docker.sock"
    configured = tmp_path / ".docker" / "config.json"
    configured.parent.mkdir()
    configured.write_text(json.dumps({"currentContext": "nowhere"}), encoding="utf-8")
    with pytest.raises(UsageError, match="no docker context 'nowhere'"):
        resolve(ComposeFlags(), {})


def test_an_unknown_context_is_named(config: Path) -> None:
    with pytest.raises(UsageError, match="no docker context 'stagign'"):
        resolve(ComposeFlags(context="stagign"), {"DOCKER_CONFIG": str(config)})


def test_host_and_context_together_are_refused_as_docker_refuses_them() -> None:
    with pytest.raises(UsageError, match="two engines"):
        resolve(ComposeFlags(context="a", host="unix:///b"), {})


@pytest.mark.parametrize("host", [STAGING, "tcp://10.0.0.5:2376"])
def test_an_engine_elsewhere_has_no_socket_here(host: str) -> None:
    assert Endpoint(host).socket_path is None
