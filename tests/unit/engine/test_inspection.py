"""A container's JSON, recorded from Engine 28.5.2, as a Replica."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.engine.inspection import is_left_by_recreate, is_one_off, replica_of
from composeroll.model import ContainerState, Health, Mount

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recorded" / "container.json").read_text()
)


def changed(section: str, **values: object) -> dict[str, Any]:
    """The recorded container with a part of it changed."""
    inspected = deepcopy(RECORDED)
    inspected[section].update(values)
    return inspected


def test_identity_and_state_are_read() -> None:
    replica = replica_of(RECORDED)
    assert (replica.name, replica.service, replica.number) == ("shop-web-3", "web", 3)
    assert (replica.state, replica.health) == (ContainerState.RUNNING, Health.STARTING)
    assert len(replica.id) == 64
    assert replica.image.startswith("sha256:")
    assert replica.started_at.startswith("2026-")
    assert (replica.restart_policy, replica.stop_signal) == ("unless-stopped", "SIGQUIT")


def test_a_hostname_is_a_name_in_dns_like_an_alias() -> None:
    """Of the file's `hostname: web-host`: nginx finds the container by it (moby#39204)."""
    settings = deepcopy(RECORDED["NetworkSettings"])
    settings["Networks"]["shop_six"]["DNSNames"] += ["web-host"]
    (place,) = (n for n in replica_of(changed("NetworkSettings", **settings)).networks if n.ipv6)
    assert place.aliases == ("web", "web-host")


@pytest.mark.parametrize("health", Health)
def test_docker_rollout_15_unhealthy_is_never_taken_for_healthy(health: Health) -> None:
    state = {**RECORDED["State"], "Health": {"Status": health.value}}
    assert replica_of(changed("State", **state)).health is health


def test_networks_are_read_with_both_addresses_and_their_ids() -> None:
    by_name = {network.network: network for network in replica_of(RECORDED).networks}
    assert by_name["shop_six"].ipv4 == "172.21.0.2"
    assert by_name["shop_six"].ipv6 == "fd00:77::2"
    assert by_name["shop_six"].aliases == ("web",)
    assert by_name["shop_six"].subnets == ("172.21.0.2/16", "fd00:77::2/64")
    assert by_name["shop_six"].gateways == ("172.21.0.1", "fd00:77::1")
    assert by_name["shop_n"].gateways == ("172.18.0.1",)
    assert by_name["shop_n"].ipv6 == ""
    assert len(by_name["shop_n"].network_id) == 64


def test_only_tcp_ports_count_as_exposed_and_ascend() -> None:
    assert replica_of(RECORDED).exposed == (8080, 9000)


def test_host_ports_are_counted_once_whatever_they_are_bound_to() -> None:
    four = {"HostIp": "0.0.0.0", "HostPort": "3001"}
    six = {"HostIp": "::", "HostPort": "3001"}
    ports = {"8000/tcp": [four, six], "9000/tcp": [{"HostPort": "3000"}], "9001/tcp": None}
    assert replica_of(changed("NetworkSettings", Ports=ports)).published == (3000, 3001)


def test_ports_exposed_by_a_compose_file_need_no_protocol_and_may_be_a_range() -> None:
    ports: dict[str, object] = {"9000": {}, "9000/tcp": {}, "9001/udp": {}, "3000-3002": {}}
    exposed = replica_of(changed("Config", ExposedPorts=ports)).exposed
    assert exposed == (3000, 3001, 3002, 9000)


def test_the_healthcheck_is_argv_and_seconds() -> None:
    check = replica_of(RECORDED).healthcheck
    assert check is not None
    assert check.command == ("/bin/sh", "-c", "test -e /tmp/ok")
    assert check.timeout == 5.0


@pytest.mark.parametrize(
    ("test", "shell", "command"),
    [
        (["CMD", "curl", "-f", "localhost"], None, ("curl", "-f", "localhost")),
        (["CMD-SHELL", "true && x"], ["/bin/ash", "-ec"], ("/bin/ash", "-ec", "true && x")),
        (
            ["CMD-SHELL", "pg_isready", "-U", "app"],
            None,
            ("/bin/sh", "-c", "pg_isready", "-U", "app"),
        ),
    ],
)
def test_a_check_runs_as_the_engine_runs_it(
    test: list[str], shell: list[str] | None, command: tuple[str, ...]
) -> None:
    check = replica_of(changed("Config", Healthcheck={"Test": test}, Shell=shell)).healthcheck
    assert check is not None
    assert check.command == command
    assert check.timeout == 30.0


@pytest.mark.parametrize(
    "healthcheck", [None, {}, {"Test": []}, {"Test": ["NONE"]}, {"Test": ["CMD-SHELL"]}]
)
def test_no_check_and_a_disabled_check_are_none(healthcheck: object) -> None:
    assert replica_of(changed("Config", Healthcheck=healthcheck)).healthcheck is None


def test_mounts_of_every_kind_tell_whether_they_can_be_written() -> None:
    replica = replica_of(RECORDED)
    assert replica.mounts == (
        Mount(
            "/data",
            "volume",
            writable=True,
            volume="11908a69b9901030de0d3f26910666b004b4ec2c63f61f0d2f4dd5f1e86d1f7f",
            source="/var/lib/docker/volumes/11908a69b9901030de0d3f26910666b004b4ec2c63f61f0d2f4dd5f1e86d1f7f/_data",
            declared=True,
        ),
        Mount("/host", "bind", writable=False, source="/srv/shop"),
        Mount("/run/x", "tmpfs", writable=False),
    )
    assert replica.read_only


@pytest.mark.parametrize(
    ("declared", "target", "kept"),
    [
        ({"/var/lib/postgresql/data": {}}, "/var/lib/postgresql/data", True),
        ({"/var/lib/postgresql": {}}, "/var/lib/postgresql/data", True),
        ({"/var/lib/postgresql/data": {}}, "/docker-entrypoint-initdb.d", False),
        ({"/data": {}}, "/database", False),
        (None, "/data", False),
    ],
)
def test_a_directory_of_the_host_holds_data_where_the_image_says_that_data_lie(
    declared: object, target: str, *, kept: bool
) -> None:
    bind = {"Type": "bind", "Source": "/srv/data", "Destination": target, "RW": True}
    (mount,) = replica_of(
        {**changed("Config", Volumes=declared), "Mounts": [bind], "HostConfig": {}}
    ).mounts
    assert mount.keeps_data is kept
    assert not replace(mount, writable=False).keeps_data
    assert not replace(mount, kind="volume").keeps_data


def test_a_volume_that_was_made_for_one_container_is_anonymous() -> None:
    anonymous, named = (
        {"Type": "volume", "Name": name, "Destination": f"/{name[:4]}", "RW": True}
        for name in ("0a" * 32, "staging_redis")
    )
    replica = replica_of({**RECORDED, "Mounts": [anonymous, named]})
    assert replica.anonymous_volumes == ("0a" * 32,)


def test_a_container_that_never_started_has_no_start_time() -> None:
    inspected = changed("State", Status="created", StartedAt="0001-01-01T00:00:00Z", Health=None)
    replica = replica_of(inspected)
    assert (replica.started_at, replica.health) == ("", Health.NONE)


def test_a_container_that_compose_did_not_make_can_be_read() -> None:
    replica = replica_of(changed("Config", Labels=None))
    assert (replica.service, replica.number, replica.config_hash) == ("", 0, "")


@pytest.mark.parametrize(
    ("value", "one_off"), [("True", True), ("true", True), ("False", False), ("", False)]
)
def test_containers_of_compose_run_are_known_by_their_label(value: str, one_off: bool) -> None:  # noqa: FBT001 a parameter of the table above
    assert is_one_off({"com.docker.compose.oneoff": value}) is one_off


@pytest.mark.parametrize(
    ("name", "left"),
    [("3f2a9c0b1d4e_shop-web-1", True), ("shop-web-1", False), ("3f2a_shop-web-1", False)],
)
def test_what_a_killed_recreate_leaves_is_known_by_its_name(name: str, left: bool) -> None:  # noqa: FBT001 a parameter of the table above
    assert is_left_by_recreate(name) is left


def test_the_command_is_what_the_first_process_was_started_with() -> None:
    assert replica_of(RECORDED | {"Path": "tini", "Args": ["--", "sleep"]}).command == (
        "tini",
        "--",
        "sleep",
    )
