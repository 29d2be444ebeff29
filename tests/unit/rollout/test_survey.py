"""The gateway is what runs nginx, whatever it is called, and never its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.config.project import Project, read_project
from composeroll.errors import Refused
from composeroll.model import (
    Attachment,
    ContainerState,
    Finding,
    Mount,
    Replica,
    Server,
    Severity,
    Upstream,
)
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from composeroll.nginx.discovery.discovery import Found, Subject
from composeroll.nginx.include import render_include
from composeroll.rollout.observing.observed import Observed, Wiring
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.survey.look import GatewaySurvey
from composeroll.rollout.sync.sync import plan_sync
from tests.unit.nginx.made import join_dump
from tests.unit.rollout.makers import ours, replica, state


class SomeNginx:
    """An nginx in the containers of each of these services, with one upstream of its own.

    The upstream is called as the service that it is for; those of `written` are composeroll's.
    """

    def __init__(
        self,
        upstreams: Mapping[str, tuple[str, int]],
        http: str = "",
        written: Collection[str] = (),
    ) -> None:
        self._configurations = {
            service: _configuration(upstream, server, http, upstream if service in written else "")
            for service, (upstream, server) in upstreams.items()
        }

    def keep(self, containers: Sequence[Replica]) -> None:
        """It lives for ever."""

    def runs_in(self, container: Replica) -> bool:
        """Whether it is one of these services."""
        return container.service in self._configurations

    def quits(self, container: Replica) -> bool:
        """Never."""
        del container
        return False

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Whether it lives in none of the edge's networks."""
        return container.name == "cut-off" and edge.running

    def configuration(self, container: Replica) -> Configuration:
        """What it was told."""
        return self._configurations[container.service]

    def findings(
        self, container: Replica, subject: Subject, found: Found, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Nothing hurts."""
        del container, subject, found, drain_timeout
        return ()

    def front_findings(
        self, container: Replica, edge: Replica | None, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Nothing hurts here either."""
        del container, edge, drain_timeout
        return ()


def _configuration(upstream: str, server: int, http: str, owner: str = "") -> Configuration:
    include = f"upstream {upstream} {{ server 10.0.0.{server}:80; }}\n"
    if owner:
        held = Upstream(upstream, (Server(f"10.0.0.{server}:80"),))
        include = render_include(held, "shop", owner)
    main = (
        f"events {{}}\nhttp {{\n{http}\ninclude app.conf;\n"
        f"server {{ location / {{ proxy_pass http://{upstream}; }} }}\n}}\n"
    )
    files = {"/etc/nginx/nginx.conf": main, "/etc/nginx/app.conf": include}
    return read_configuration(join_dump(files), (1, 30, 6))


class OneNginx(SomeNginx):
    """An nginx in the containers of one service, in front of the replica of a number."""

    def __init__(self, service: str, upstream: int, http: str = "") -> None:
        super().__init__({service: ("app", upstream)}, http)


def project(*names: str, **settings: str) -> Project:
    services = {name: {"image": f"{name}:1", **ours(**settings)} for name in names}
    return read_project({"name": "shop", "services": services}, [])


def test_a_gateway_of_any_name_is_found_among_the_services_that_are_looked_at() -> None:
    shop = project("app", "front")
    running = (replica(1), replica(2, of="front"))
    survey = GatewaySurvey(OneNginx("front", upstream=1))
    places = survey.look(shop, tuple(shop.services.values()), running, preflight=True).wirings
    assert set(places) == {"app"}
    place = places["app"]
    assert isinstance(place, Wiring)
    assert place.route.gateway == "front"


def test_what_runs_nginx_and_gets_its_requests_from_another_one_is_a_server() -> None:
    shop = project("nginx", "nginx-pages")
    running = (replica(1, of="nginx-pages"), replica(2, of="nginx"))
    both = SomeNginx({"nginx": ("nginx-pages", 1), "nginx-pages": ("php", 9)})
    services = tuple(shop.services.values())
    places = GatewaySurvey(both).look(shop, services, running, preflight=True)
    assert set(places.fronts) == {"nginx"}
    assert set(places.fronts["nginx"].behind) == set(places.wirings) == {"nginx-pages"}


@pytest.mark.parametrize(("settings", "refused"), [({}, True), ({"gateway": "none"}, False)])
def test_a_gateway_between_another_one_and_a_service_is_refused(
    settings: dict[str, str], *, refused: bool
) -> None:
    model = {"app": {}, "nginx": {}, "nginx-inner": ours(**settings)}
    shop = read_project({"name": "shop", "services": model}, [])
    running = (replica(1), replica(2, of="nginx"), replica(3, of="nginx-inner"))
    both = SomeNginx({"nginx": ("nginx-inner", 3), "nginx-inner": ("app", 1)})
    services = shop.pick(["nginx-inner"])
    places = GatewaySurvey(both).look(shop, services, running, preflight=True)
    place = places.wirings.get("nginx-inner")
    assert isinstance(place, Refused) is refused
    assert ("nginx-inner" in places.fronts) is not refused
    if isinstance(place, Refused):
        assert place.what == "nginx-inner stands behind nginx, and in front of app"


def test_a_gateway_that_is_not_called_nginx_is_found_beside_one_that_is() -> None:
    shop = project("app", "proxy", "nginx-pages", "php", "worker")
    running = tuple(replica(n, of=name) for n, name in enumerate(shop.services, start=1))
    both = SomeNginx({"proxy": ("app", 1), "nginx-pages": ("php", 4)})
    for asked in (["app"], ["app", "php"], ["worker", "app"]):
        places = GatewaySurvey(both).look(shop, shop.pick(asked), running, preflight=True).wirings
        place = places["app"]
        assert isinstance(place, Wiring)
        assert place.route.gateway == "proxy"
        assert "worker" not in places


@pytest.mark.parametrize(
    ("server", "severities"),
    [("10.0.0.1:80", {Severity.REFUSAL}), ("10.0.0.9:80", set[Severity]())],
)
def test_a_second_gateway_that_would_go_on_naming_the_old_replicas_is_refused(
    server: str, severities: set[Severity]
) -> None:
    """The settings say which one is rewritten; that does not help the other one's clients."""
    shop = project("app", "inner", "nginx-outer", gateway="inner")
    running = (replica(1), replica(2, of="inner"), replica(3, of="nginx-outer"))
    number = int(server.split(".")[3].split(":", maxsplit=1)[0])
    both = SomeNginx({"inner": ("app", 1), "nginx-outer": ("app", number)})
    place = GatewaySurvey(both).look(shop, shop.pick(["app"]), running, preflight=True).wirings
    assert isinstance(place["app"], Wiring)
    found = place["app"].findings
    assert {finding.severity for finding in found} == severities
    if found:
        assert found[0].what.startswith("in nginx-outer, upstream app (")
        assert found[0].help == "let nginx-outer pass requests for app on to inner"


def test_what_has_moved_in_a_second_gateway_is_put_right_there_by_sync() -> None:
    """After a reboot `web` is named by an address that `app` has now."""
    shop = project("app", "web", "inner", "nginx-outer")
    names = ("app", "inner", "nginx-outer", "web")
    running = tuple(replica(number, of=name) for number, name in enumerate(names, start=1))
    both = SomeNginx({"inner": ("app", 1), "nginx-outer": ("web", 1)}, written=["nginx-outer"])
    place = GatewaySurvey(both).look(shop, shop.pick(["app"]), running, preflight=True).wirings
    assert isinstance(place["app"], Wiring)
    (found,) = place["app"].findings
    assert found.what.startswith("in nginx-outer, upstream web (")
    assert (found.severity, found.help) == (Severity.WARNING, "`composeroll sync web`")


def test_what_stands_elsewhere_is_not_looked_at_where_every_place_is_known() -> None:
    class Known(SomeNginx):
        def runs_in(self, container: Replica) -> bool:
            assert container.service == "nginx"
            return True

    shop = project("app", "nginx", "worker")
    running = (replica(1), replica(2, of="nginx"), replica(3, of="worker"))
    survey = GatewaySurvey(Known({"nginx": ("app", 1)}))
    assert set(survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings) == {"app"}


def test_a_gateway_that_nobody_takes_for_one_is_not_rolled_without_its_services_locks() -> None:
    shop = project("app", "proxy", "nginx-exporter")
    running = (replica(1), replica(2, of="proxy"), replica(3, of="nginx-exporter"))
    survey = GatewaySurvey(SomeNginx({"proxy": ("app", 1)}))
    places = survey.look(shop, shop.pick(["proxy"]), running, preflight=True)
    (refusal,) = places.fronts["proxy"].findings
    assert (refusal.severity, refusal.help) == (
        Severity.REFUSAL,
        "services.app.x-composeroll.gateway: proxy",
    )
    named = project("app", "proxy", "nginx-exporter", gateway="proxy")
    places = survey.look(named, named.pick(["proxy"]), running, preflight=True)
    assert places.fronts["proxy"].findings == ()


def nginx(service: str, state: ContainerState, *command: str) -> Replica:
    return replace(replica(3, of=service, state=state), command=command)


@pytest.mark.parametrize(
    "down",
    [
        nginx("nginx-admin", ContainerState.EXITED, "/start.sh"),
        nginx("gateway", ContainerState.RESTARTING, "/docker-entrypoint.sh", "nginx", "-g", "x"),
        nginx("gateway", ContainerState.CREATED, "/usr/sbin/nginx"),
    ],
)
def test_an_nginx_that_is_down_may_be_the_one_of_a_service_that_no_other_speaks_to(
    down: Replica,
) -> None:
    shop = project("app", "front", down.service)
    running = (replica(1), replica(2, of="front"), down)
    survey = GatewaySurvey(OneNginx("front", upstream=9))
    place = survey.look(shop, [shop.services["app"]], running, preflight=True).wirings["app"]
    assert isinstance(place, Refused)
    assert place.what.startswith(f"no nginx runs in {down.service}")
    assert f"`docker compose up -d {down.service}`" in (place.help or "")
    assert "services.app.x-composeroll.gateway: none" in (place.help or "")


def test_an_nginx_that_is_down_is_not_to_be_put_behind_itself() -> None:
    shop, down = project("app", "nginx"), nginx("nginx", ContainerState.EXITED)
    survey = GatewaySurvey(SomeNginx({}))
    place = survey.look(shop, [shop.services["nginx"]], (down,), preflight=True).wirings["nginx"]
    assert isinstance(place, Refused)
    assert (place.what, place.help) == ("no nginx runs in nginx", "`docker compose up -d nginx`")


@pytest.mark.parametrize(
    ("how", "help_"),
    [
        ({"network_mode": "container:gone"}, "`docker compose up -d --no-deps nginx`"),
        ({"started_at": "2026-11-22T10:00:00Z"}, "`composeroll sync` restarts it"),
        (
            {
                "state": ContainerState.EXITED,
                "error": "cannot join network namespace",
                "started_at": "2026-11-22T10:00:00Z",
            },
            "`composeroll sync` starts it",
        ),
    ],
)
@pytest.mark.parametrize("names", [("app", "nginx"), ("app", "front", "nginx")])
def test_nothing_is_rolled_behind_an_nginx_that_is_not_in_the_network_of_its_edge(
    how: dict[str, Any], help_: str, names: tuple[str, ...]
) -> None:
    edge = replace(replica(9, of="edge"), started_at="2026-11-22T10:00:01Z")
    lost = replace(replica(3, of="nginx", name="cut-off"), restart_policy="always")
    lost = replace(lost, **{"network_mode": f"container:{edge.id}", **how})
    services = {name: {"image": f"{name}:1"} for name in (*names, "edge")}
    services["nginx"]["network_mode"] = "service:edge"
    shop = read_project({"name": "shop", "services": services}, [])
    survey = GatewaySurvey(SomeNginx({"nginx": ("app", 1), "front": ("other", 8)}))
    running = (replica(1), *(replica(2, of=name) for name in names[1:-1]), lost, edge)
    place = survey.look(shop, [shop.services["app"]], running, preflight=True).wirings["app"]
    assert isinstance(place, Refused)
    assert place.help == help_


def test_what_only_sounds_like_nginx_keeps_nothing_from_being_rolled_that_nginx_does_not_know() -> (
    None
):
    """Its exporter lives in its network, and has been there for longer than itself."""
    front = replace(replica(2, of="nginx"), started_at="2026-11-22T10:00:01Z")
    exporter = replace(
        replica(3, of="nginx-exporter", name="cut-off"),
        network_mode=f"container:{front.id}",
        started_at="2026-11-22T10:00:00Z",
    )
    shop = project("app", "nginx", "nginx-exporter")
    survey = GatewaySurvey(SomeNginx({"nginx": ("other", 8)}))
    found = survey.look(shop, [shop.services["app"]], (replica(1), front, exporter), preflight=True)
    assert not found.wirings


@pytest.mark.parametrize(
    ("upstream", "settings"), [(1, {}), (9, {"gateway": "none"}), (9, {"gateway": "front"})]
)
def test_an_nginx_that_is_down_means_nothing_to_a_service_whose_place_is_known(
    upstream: int, settings: dict[str, str]
) -> None:
    shop = project("app", "front", "nginx", **settings)
    running = (replica(1), replica(2, of="front"), nginx("nginx", ContainerState.EXITED, "nginx"))
    survey = GatewaySurvey(OneNginx("front", upstream))
    place = survey.look(shop, [shop.services["app"]], running, preflight=True).wirings.get("app")
    assert not isinstance(place, Refused)


def test_a_stopped_container_of_the_service_itself_or_of_none_in_the_file_is_no_gateway() -> None:
    shop = project("app", "front")
    own = nginx("app", ContainerState.EXITED, "nginx")
    gone = nginx("nginx", ContainerState.EXITED, "nginx")
    survey = GatewaySurvey(OneNginx("front", upstream=9))
    running = (replica(1), replica(2, of="front"), own, gone)
    assert not survey.look(shop, [shop.services["app"]], running, preflight=True).wirings


@pytest.mark.parametrize(
    ("settings", "reported"),
    [
        ({"monitor": "30s"}, True),
        ({"monitor": "30s", "max_errors": "100%"}, False),
        ({}, False),
    ],
)
def test_a_log_that_cannot_be_judged_is_told_where_it_would_be_read(
    settings: dict[str, str], *, reported: bool
) -> None:
    shop = project("app", "front", **settings)
    nginx = OneNginx("front", upstream=1, http="access_log off;")
    running = (replica(1), replica(2, of="front"))
    place = (
        GatewaySurvey(nginx)
        .look(shop, [shop.services["app"]], running, preflight=True)
        .wirings["app"]
    )
    assert isinstance(place, Wiring)
    assert any("5xx answers cannot be monitored" in f.what for f in place.findings) is reported


class Linked(OneNginx):
    """It goes by a name that none of the project's containers has."""

    def configuration(self, container: Replica) -> Configuration:
        """The page that says that nobody is there."""
        reported = super().configuration(container)
        files = {path: text.replace("10.0.0.1", "php") for path, text in reported.files.items()}
        return read_configuration(join_dump(files), (1, 30, 6))


@pytest.mark.parametrize(
    ("app", "cron", "refused"),
    [
        ({}, {}, True),
        ({"gateway": "front"}, {}, True),
        ({"gateway": "none"}, {}, False),
        ({"upstream": "app"}, {}, False),
        ({}, {"upstream": "app"}, False),
    ],
)
def test_a_service_that_an_unknown_name_may_mean_is_no_background_service(
    app: dict[str, str], cron: dict[str, str], *, refused: bool
) -> None:
    services = {"app": ours(**app), "cron": ours(**cron), "front": {}}
    shop = read_project({"name": "shop", "services": services}, [])
    running = (replace(replica(1), exposed=(80,)), replica(2, of="front"))
    survey = GatewaySurvey(Linked("front", upstream=1))
    place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings.get("app")
    assert isinstance(place, Refused) is refused
    if isinstance(place, Refused):
        assert "php:80" in place.what
        assert "services.app.x-composeroll.upstream: app" in (place.help or "")
        assert "services.app.x-composeroll.gateway: none" in (place.help or "")


class Rendered(OneNginx):
    """Its include was made of a template that has a server of its own."""

    def configuration(self, container: Replica) -> Configuration:
        """The page that says that nobody is there."""
        reported = super().configuration(container)
        files = {
            path: text.replace("{ server", f"{{ {SPARE} server")
            for path, text in reported.files.items()
        }
        files["/etc/nginx/nginx.conf"] = reported.files["/etc/nginx/nginx.conf"]
        return read_configuration(join_dump(files), (1, 30, 6))


SPARE = "server 127.0.0.1:81 backup;"


@pytest.mark.parametrize(("template", "named"), [(True, 1), (False, 2)])
def test_a_server_that_is_the_templates_own_is_no_replica_that_nobody_knows(
    tmp_path: Path, named: int, *, template: bool
) -> None:
    """Else there is always something left to do."""
    mine = tmp_path / "upstream.conf.j2"
    mine.write_text(
        f"upstream {{{{ upstream.name }}}} {{ {SPARE}\n"
        "{% for s in upstream.servers %}server {{ s.address }};\n{% endfor %}}\n"
    )
    shop = project("app", "nginx", **({"template": str(mine)} if template else {}))
    running = (replace(replica(1), exposed=(80,)), replica(2, of="nginx"), replica(3, of="nginx"))
    survey = GatewaySurvey(Rendered("nginx", upstream=1))
    place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]
    assert isinstance(place, Wiring)
    assert len(place.upstream.addresses) == named
    assert {len(one.addresses) for one in place.each} == {named}
    app = state([replica(1)], place)
    assert plan_sync((app,), {"app": app.replicas}).empty is template
    assert plan_rollout(Observed("shop", (app,)), {}).empty is template


class Unread(OneNginx):
    """Its main file cannot be read, or one of its files is included in a way nobody knows."""

    def configuration(self, container: Replica) -> Configuration:
        """By its version of nginx."""
        lua = "init_by_lua_block { local s = [[it's]] }"
        main, other = f"http {{\n{lua}\ninclude app.conf;\n}}\n", "server { listen 80; }\n"
        if container.service == "nginx-other":
            main = "events {}\n"
        files = {"/etc/nginx/nginx.conf": main, "/etc/nginx/app.conf": other}
        return read_configuration(join_dump(files), (1, 30, 6))


@pytest.mark.parametrize(
    ("gateway", "reason"),
    [
        ("nginx", 'read: /etc/nginx/nginx.conf:2: unexpected end of file, expecting "}"'),
        ("nginx-other", "read: /etc/nginx/app.conf: no include directive leads to it"),
    ],
)
def test_a_service_that_may_stand_in_what_could_not_be_read_is_refused(
    gateway: str, reason: str
) -> None:
    shop = project("app", gateway)
    running = (replica(1), replica(2, of=gateway))
    survey = GatewaySurvey(Unread(gateway, upstream=1))
    for preflight in (True, False):
        places = survey.look(shop, shop.pick(["app"]), running, preflight=preflight)
        assert len(places.unseen["app"]) == preflight
        for finding in places.unseen["app"]:
            assert finding.severity is Severity.REFUSAL
            assert finding.what.endswith(reason)
            assert finding.help.endswith("services.app.x-composeroll.gateway: none")


def test_what_could_not_be_read_says_nothing_of_a_service_that_nginx_cannot_reach() -> None:
    elsewhere = Attachment("n2", "shop_back", "10.1.0.1")
    of_host = Attachment("h", "host", "")
    for settings, changes, refused in (
        ({}, {"networks": (elsewhere,)}, 0),
        ({}, {"networks": (elsewhere,), "published": (8080,)}, 1),
        ({}, {"networks": (of_host,)}, 1),
        ({}, {"networks": ()}, 1),
        ({"gateway": "none"}, {}, 0),
    ):
        shop = project("app", "nginx", **settings)
        running = (replace(replica(1), **changes), replica(2, of="nginx"))
        survey = GatewaySurvey(Unread("nginx", upstream=1))
        places = survey.look(shop, shop.pick(["app"]), running, preflight=True)
        assert len(places.unseen["app"]) == refused


def test_what_only_carries_files_for_others_needs_no_place() -> None:
    services = {"code": {}, "app": {"volumes_from": ["code"]}, "nginx": {}}
    shop = read_project({"name": "shop", "services": services}, [])
    running = (replica(1, of="code"), replica(2, of="nginx"))
    survey = GatewaySurvey(Unread("nginx", upstream=1))
    places = survey.look(shop, shop.pick(["code"]), running, preflight=True)
    assert not places.unseen["code"]


def test_what_could_not_be_read_may_hold_a_second_way_to_a_service() -> None:
    class Both(SomeNginx):
        def configuration(self, container: Replica) -> Configuration:
            if container.service == "front":
                return super().configuration(container)
            return Unread("nginx", 0).configuration(container)

    shop = project("app", "nginx", "front")
    running = (replica(1), replica(2, of="nginx"), replica(3, of="front"))
    survey = GatewaySurvey(Both({"front": ("app", 1), "nginx": ("", 0)}))
    place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]
    assert isinstance(place, Wiring)
    (finding,) = place.findings
    assert finding.severity is Severity.WARNING
    assert "whether nginx in nginx sends requests to app in another way too" in finding.what


@pytest.mark.parametrize(("order", "refused"), [("start-first", 1), ("stop-first", 0)])
def test_a_service_behind_an_upstream_that_nginx_reaches_by_a_socket_too_is_refused(
    order: str, refused: int
) -> None:
    """As a php-fpm with a second port for something else."""
    shop = project("app", "nginx", order=order)
    run = Mount("/run/app", "volume", writable=True, volume="run", source="/srv/run")
    running = (replace(replica(1), mounts=(run,)), replace(replica(2, of="nginx"), mounts=(run,)))
    by_socket = "server { listen 81; location / { fastcgi_pass unix:/run/app/fpm.sock; } }"
    survey = GatewaySurvey(OneNginx("nginx", upstream=1, http=by_socket))
    place = survey.look(shop, shop.pick(["app"]), running, preflight=True).wirings["app"]
    assert isinstance(place, Wiring)
    found = [finding for finding in place.findings if finding.severity is Severity.REFUSAL]
    assert len(found) == refused
    assert all("by the unix socket /run/app/fpm.sock" in finding.what for finding in found)


def test_what_only_a_request_leads_to_is_warned_of_where_nothing_else_does() -> None:
    class AnyHost(OneNginx):
        def configuration(self, container: Replica) -> Configuration:
            del container
            text = (
                "events {}\nhttp { server { location ~ /(?<s>.) { proxy_pass http://$s:80; } } }\n"
            )
            return read_configuration(join_dump({"/etc/nginx/nginx.conf": text}), (1, 30, 6))

    shop = project("app", "nginx")
    running = (replace(replica(1), exposed=(80,)), replica(2, of="nginx"))
    survey = GatewaySurvey(AnyHost("nginx", upstream=1))
    for preflight in (True, False):
        places = survey.look(shop, shop.pick(["app"]), running, preflight=preflight)
        assert len(places.unseen["app"]) == preflight
    never = project("app", "nginx", gateway="none")
    assert not survey.look(never, never.pick(["app"]), running, preflight=True).unseen["app"]
