"""A stand-in is like its model in all that makes its processes, and apart from everybody."""

from __future__ import annotations

from typing import Any

from composeroll.engine.stand_in import LABEL, like

MODEL: dict[str, Any] = {
    "Id": "m" * 64,
    "Image": "sha256:new",
    "Config": {
        "Env": ["A=1"],
        "Cmd": ["nginx"],
        "Entrypoint": ["sh", "/start"],
        "User": "www-data",
        "WorkingDir": "/srv",
        "Volumes": {"/cache": {}},
        "StopSignal": "SIGQUIT",
        "ExposedPorts": {"80/tcp": {}},
        "Hostname": "of-the-edge",
        "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "nginx"},
    },
    "HostConfig": {
        "Binds": ["/etc/certs:/certs:ro"],
        "NetworkMode": "container:" + "e" * 64,
        "PortBindings": {"80/tcp": [{"HostPort": "80"}]},
        "RestartPolicy": {"Name": "always"},
        "ReadonlyRootfs": True,
        "Dns": None,
    },
}
EDGE: dict[str, Any] = {
    "HostConfig": {"Dns": ["10.0.0.53"], "ExtraHosts": ["a:10.0.0.9"], "Sysctls": {"x": "1"}},
    "NetworkSettings": {"Networks": {"front": {"NetworkID": "n1"}, "back": {"NetworkID": "n2"}}},
}


def test_it_runs_the_same_with_the_same_mounts() -> None:
    made = like(MODEL, EDGE)
    assert made["Image"] == "sha256:new"
    for key in ("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Volumes", "StopSignal"):
        assert made[key] == MODEL["Config"][key]
    assert made["HostConfig"]["Binds"] == ["/etc/certs:/certs:ro"]
    assert made["HostConfig"]["ReadonlyRootfs"] is True


def test_it_is_on_the_same_networks_and_published_nowhere() -> None:
    made = like(MODEL, EDGE)
    assert (made["HostConfig"]["NetworkMode"], made["networks"]) == ("n1", ["n1", "n2"])
    assert made["HostConfig"]["PortBindings"] == {}
    assert made["HostConfig"]["Dns"] == ["10.0.0.53"]
    assert made["HostConfig"]["Sysctls"] == {"x": "1"}


def test_nobody_takes_it_for_a_replica_and_nobody_revives_it() -> None:
    made = like(MODEL, EDGE)
    assert made["Labels"] == {LABEL: "m" * 64}
    assert made["HostConfig"]["RestartPolicy"] == {"Name": "no"}
    assert "Hostname" not in made


def test_its_model_is_left_as_it_was() -> None:
    like(MODEL, EDGE)
    assert MODEL["HostConfig"]["RestartPolicy"] == {"Name": "always"}
