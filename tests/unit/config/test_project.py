"""The compose model as `docker compose config` prints it, the seed's old `version: '2'` file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from composeroll.config.gateway_names import require_gateways
from composeroll.config.image_reference import is_reference
from composeroll.config.layers import COMMAND_LINE, Layer
from composeroll.config.obstacles import Obstacle
from composeroll.config.project import (
    Project,
    parse_model,
    read_project,
    reference_of,
)
from composeroll.config.settings import Batch
from composeroll.errors import SettingsError, UsageError

PRINTED = Path(__file__).with_name("seed.yaml").read_text(encoding="utf-8")


@pytest.fixture
def project() -> Project:
    return read_project(parse_model(PRINTED), [])


def test_all_services_are_there_in_the_files_order(project: Project) -> None:
    names = ["applications", "applications1", "php-fpm", "nginx", "redis", "built"]
    assert (project.name, list(project.services)) == ("docker", names)


def test_a_file_of_version_2_is_read_as_compose_prints_it() -> None:
    assert read_project(parse_model("version: '2'\n" + PRINTED), []).name == "docker"


def test_volumes_are_shared_from_sources_to_those_that_mount_them(project: Project) -> None:
    assert project.services["php-fpm"].volumes_from == ("applications", "applications1")
    assert project.sharing_volumes_of("applications1") == ("php-fpm",)
    assert project.sharing_volumes_of("php-fpm") == ("nginx",)


def test_what_a_rollout_needs_of_a_service_is_read(project: Project) -> None:
    built = project.services["built"]
    assert (built.image, built.builds, built.scale) == ("", True, 3)
    assert built.links == ("redis",)
    assert built.networks == ("docker_front", "docker_default")
    assert reference_of(project, built) == "docker-built"
    assert project.services["nginx"].depends_on == ("websocket",)
    assert project.services["php-fpm"].grace == 40.0
    assert project.services["redis"].grace is None
    assert project.services["redis"].volumes == ("redis",)


def test_settings_come_from_the_service_the_top_level_and_deploy(project: Project) -> None:
    settings = project.services["built"].settings
    assert (settings.gateway, settings.ready.path) == ("nginx", "/ping")
    assert settings.drain.timeout == 120.0
    assert settings.batch == Batch(count=1)


def test_what_keeps_a_service_from_running_twice_is_found(project: Project) -> None:
    obstacles = {
        name: [(o.key, o.value) for o in s.obstacles] for name, s in project.services.items()
    }
    assert obstacles == {
        "applications": [("container_name", "application")],
        "applications1": [("container_name", "application1")],
        "php-fpm": [],
        "nginx": [("container_name", "nginx"), ("ports", "8080:80"), ("ports", "443:443")],
        "redis": [("container_name", "redis")],
        "built": [("networks.front.ipv4_address", "172.16.238.10")],
    }


@pytest.mark.parametrize("mode", ["host", "service:edge", "container:abc"])
def test_a_network_of_somebody_else_is_an_obstacle(mode: str) -> None:
    model = {"name": "shop", "services": {"app": {"network_mode": mode}}}
    why = "its containers have no address of their own"
    assert read_project(model, []).services["app"].obstacles == (
        Obstacle("network_mode", mode, why),
    )


def test_scale_beats_replicas() -> None:
    raw = {"scale": 4, "deploy": {"replicas": 2}}
    assert read_project({"name": "shop", "services": {"app": raw}}, []).services["app"].scale == 4


def test_what_a_provider_makes_has_no_containers_and_is_no_service() -> None:
    services = {"app": {"depends_on": {"db": {}}}, "db": {"provider": {"type": "cloud"}}}
    found = read_project({"name": "shop", "services": services}, [])
    assert [*found.services] == ["app"]
    assert found.services["app"].provided_by == ("db",)


def test_services_are_picked_once_each(project: Project) -> None:
    picked = project.pick(["php-fpm", "redis", "php-fpm"])
    assert [s.name for s in picked] == ["php-fpm", "redis"]


def test_an_unknown_service_is_an_error_that_lists_those_there_are(project: Project) -> None:
    with pytest.raises(UsageError, match="no such service: php, fpm") as wrong:
        project.pick(["php", "redis", "fpm"])
    assert wrong.value.help
    assert "php-fpm" in wrong.value.help


@pytest.mark.parametrize(
    ("strongest", "lines", "where"),
    [
        ([], {"services.app.x-composeroll.gateway": "f.yml:7"}, "f.yml:7"),
        ([], {"x-composeroll.gateway": "f.yml:2"}, "f.yml:2"),
        ([], {}, "services.app.x-composeroll.gateway"),
        ([COMMAND_LINE], {"x-composeroll.gateway": "f.yml:2"}, "--gateway"),
        (["the environment"], {}, "COMPOSEROLL_GATEWAY"),
    ],
)
def test_a_gateway_that_is_no_service_is_an_error_with_who_says_so(
    strongest: list[str], lines: dict[str, str], where: str
) -> None:
    services = {"app": {"x-composeroll": {"gateway": "nosuch"}}, "edge": {}}
    layers = [Layer(source, {"gateway": "nosuch"}) for source in strongest]
    shop = read_project({"name": "shop", "services": services}, layers)
    with pytest.raises(UsageError, match=re.escape(f"no such service ({where})")) as wrong:
        require_gateways(shop, layers, lambda keys: lines.get(".".join(keys), "nowhere"))
    assert "services: app, edge" in (wrong.value.help or "")


@pytest.mark.parametrize("gateway", ["edge", "none"])
def test_a_gateway_that_is_a_service_or_none_is_fine(gateway: str) -> None:
    services = {"app": {"x-composeroll": {"gateway": gateway}}, "edge": {}}
    shop = read_project({"name": "shop", "services": services}, [])
    require_gateways(shop, [], lambda _: "")


@pytest.mark.parametrize("image", ["app:", "busybox:1 ", "bé:1", "App", "a//b", "-a", ":1"])
def test_only_who_is_rolled_needs_an_image_reference_that_is_one(image: str) -> None:
    shop = read_project({"name": "shop", "services": {"app": {"image": image}, "web": {}}}, [])
    assert shop.pick(["app"])
    assert shop.to_roll(["web"])
    with pytest.raises(UsageError, match=r"services\.app\.image is not an image reference"):
        shop.to_roll(["app"])


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:1.27-alpine",
        "team/app__x.y:A_b-1",
        "127.0.0.1:5055/a/b",
        "[::1]:5000/a",
        "Registry.Example/app:1",
        "app:1@sha256:" + "a" * 64,
        "sha256:" + "0" * 64,
    ],
)
def test_what_an_engine_takes_for_a_reference_is_one(image: str) -> None:
    assert is_reference(image)


def test_what_compose_only_builds_is_called_as_compose_calls_it() -> None:
    for separator in "-_":
        shop = read_project(
            {"name": "shop", "services": {"app": {"build": "."}}}, [], separator=separator
        )
        assert reference_of(shop, shop.services["app"]) == f"shop{separator}app"


def test_a_grace_period_that_is_none_is_an_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match=r"services\.app\.stop_grace_period must be a duration"):
        read_project({"name": "s", "services": {"app": {"stop_grace_period": "-1s"}}}, [])


def test_a_dollar_is_one_again_that_compose_prints_twice() -> None:
    settings = {"ready": {"host": "a$$b", "path": "/?x=$$1"}}
    model = {"name": "shop", "x-composeroll": settings, "services": {"app": {}}}
    ready = read_project(model, []).services["app"].settings.ready
    assert (ready.host, ready.path) == ("a$b", "/?x=$1")


def test_a_port_that_is_chosen_for_each_container_keeps_none_from_running_twice() -> None:
    port = {"target": 80, "published": "0", "host_ip": "127.0.0.1"}
    shop = read_project({"name": "shop", "services": {"app": {"ports": [port]}}}, [])
    assert not shop.services["app"].obstacles


def test_what_compose_prints_and_no_yaml_is_says_where() -> None:
    with pytest.raises(UsageError) as wrong:
        parse_model("name: shop\nservices: {a: |\n\tx}")
    assert any("line 2" in line for line in wrong.value.evidence)


def test_a_wrong_key_of_a_service_names_the_service() -> None:
    model = {"name": "shop", "services": {"app": {"x-composeroll": {"prot": 1}}}}
    with pytest.raises(SettingsError, match=r"services\.app\.x-composeroll has no key 'prot'"):
        read_project(model, [])


@pytest.mark.parametrize("printed", ["", "[]", "services: {}"])
def test_what_is_no_project_is_an_error(printed: str) -> None:
    with pytest.raises(UsageError, match="did not print a project"):
        parse_model(printed)


def test_a_project_without_services_is_one() -> None:
    assert not read_project({"name": "empty"}, []).services


@pytest.mark.parametrize(
    ("raw", "limit"),
    [
        ({"mem_limit": "67108864"}, 67108864),
        ({"deploy": {"resources": {"limits": {"memory": "1073741824"}}}}, 1073741824),
        ({"mem_limit": "0"}, None),
        ({}, None),
    ],
)
def test_a_memory_limit_is_read_in_both_its_forms(
    raw: dict[str, object], limit: int | None
) -> None:
    model = {"name": "shop", "services": {"app": {"image": "app:1", **raw}}}
    assert read_project(model, []).services["app"].memory == limit


@pytest.mark.parametrize(
    ("period", "own", "seconds"),
    [
        ("1m30s", {}, 90.0),
        ("1h0m0s", {}, 3600.0),
        ("30s", {}, 60.0),
        ("-5s", {}, 60.0),
        (None, {}, 60.0),
        ("5m0s", {"ready": {"timeout": "20s"}}, 20.0),
    ],
)
def test_who_says_how_long_a_start_takes_is_given_that_long(
    period: str | None, own: object, seconds: float
) -> None:
    raw = {"healthcheck": {"start_period": period}, "x-composeroll": own}
    model = {"name": "shop", "services": {"app": raw, "other": {"healthcheck": None}}}
    services = read_project(model, []).services
    assert services["app"].settings.ready.timeout == seconds
    assert services["other"].settings.ready.timeout == 60.0


@pytest.mark.parametrize(
    ("written", "meant"),
    [("./t.j2", "/srv/shop/t.j2"), ("../t.j2", "/srv/shop/../t.j2"), ("/etc/t.j2", "/etc/t.j2")],
)
def test_a_template_in_the_file_stands_where_the_projects_paths_begin(
    written: str, meant: str
) -> None:
    said = {"x-composeroll": {"template": written}}
    everywhere = {"name": "shop", **said, "services": {"app": {}}}
    own = {"name": "shop", "services": {"app": said}}
    for model in (everywhere, own):
        project = read_project(model, [], directory=Path("/srv/shop"))
        assert project.services["app"].settings.template == meant


def test_a_template_on_the_command_line_stands_where_the_shell_is() -> None:
    model = {"name": "shop", "services": {"app": {"x-composeroll": {"template": "own.j2"}}}}
    flag = Layer("the command line", {"template": "t.j2"})
    settings = read_project(model, [flag], directory=Path("/srv")).services["app"].settings
    assert settings.template == "t.j2"


@pytest.mark.parametrize("word", ["=", "<<"])
def test_what_has_a_type_of_its_own_in_yaml_is_text_as_compose_prints_it(word: str) -> None:
    """Of YAML 1.1's types for these two a safe loader knows nothing, or expects another place."""
    printed = f"name: shop\nservices:\n  app:\n    command: [test, a, {word}, b]\n    image: app\n"
    assert parse_model(printed)["services"]["app"]["command"] == ["test", "a", word, "b"]


def test_whoever_others_wait_for_to_end_well_is_to_end() -> None:
    terms = {
        "migrate": {"condition": "service_completed_successfully"},
        "seed": {"condition": "service_completed_successfully", "required": False},
        "db": {"condition": "service_healthy"},
    }
    others = {name: {"image": name} for name in terms}
    services = {"app": {"image": "app", "depends_on": terms}, **others}
    project = read_project({"name": "shop", "services": services}, [])
    assert project.services["app"].done_first == ("migrate",)
    assert [name for name in project.services if project.must_end(name)] == ["migrate"]
