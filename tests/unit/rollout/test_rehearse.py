"""The rehearsal of a new nginx: what it has to do as well as the present one, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import NotReady, Refused
from composeroll.model import Attachment, ContainerState, Replica, Site, Visit
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps import ClearRehearsal, RehearseGateway
from composeroll.rollout.steps.limited import TRIES
from composeroll.rollout.steps.start import Before
from tests.unit.nginx.fake import VirtualClock
from tests.unit.nginx.made import join_dump
from tests.unit.rollout.makers import NEW, replica, wiring

PLACE = Attachment("n1", "shop_default", "10.0.0.15")
INCLUDE = "/etc/nginx/app.conf"
PRESENT_TEXT = "upstream app { server 10.0.0.1:80; }\n"
ALONE = "server { listen 80; }"
QUIC = "server { listen 80 reuseport; listen 443 quic reuseport; }"
OLD, ACTOR = replica(1, NEW, of="nginx"), replica(9, NEW, of="nginx")


def reading(*names: str, files: dict[str, str] | None = None) -> Configuration:
    """An nginx on port 80 with a site for each name."""
    return reads(
        *(f"server {{ listen 80 reuseport; server_name {n}.test; }}" for n in names), files=files
    )


def reads(*servers: str, files: dict[str, str] | None = None) -> Configuration:
    """An nginx with these server blocks, and other files."""
    main = f"events {{}}\nhttp {{ {' '.join(servers)} }}\n"
    return read_configuration(join_dump({"/etc/nginx/nginx.conf": main, **(files or {})}), (1, 30))


@dataclass
class Stage:
    """Where a new nginx is rehearsed beside the present one, and how each answers which name.

    Attributes:
        new: what it was told; None where it rejects its files.
        present: what the one that serves was told.
        gone: whether somebody has removed that one.
        replicas: the containers of the service, the one that serves left out.
        done: what was done to the stand-in, in order.
        paths: what was asked for.
        limits: how many questions for a name at an address are too many.
    """

    new: Configuration | None = field(default_factory=lambda: reading("a"))
    present: Configuration = field(default_factory=lambda: reading("a"))
    now: dict[str, int] = field(default_factory=dict)
    then: dict[str, int] = field(default_factory=dict)
    actor: Replica = ACTOR
    gone: bool = False
    replicas: tuple[Replica, ...] = (replica(2, NEW, of="nginx"),)
    done: list[tuple[object, ...]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    limits: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as a rehearsal touches
        """What the step is given."""
        nginx = SimpleNamespace(
            find=self._find,
            stand_in=self._stand_in,
            put=lambda *what: self.done.append(("put", *what)),
            serves=lambda _: True,
            configuration=lambda c: self.present if c is OLD else self._accepted(),
            visit=self._visit,
        )
        engine = SimpleNamespace(
            replicas=lambda _: self.replicas,
            forbid_restart=lambda ids: self.done.append(("forbid restart", *ids)),
            start=lambda ids: self.done.append(("start", *ids)),
            stop=lambda graces: self.done.append(("stop", graces)),
            remove=lambda ids, *, volumes: self.done.append(("remove", *ids, volumes)),
            logs=lambda *_: (),
        )
        gateways = SimpleNamespace(read=lambda *_: PRESENT_TEXT)
        world = SimpleNamespace(
            nginx=nginx, engine=engine, gateways=gateways, clock=VirtualClock(), project="shop"
        )
        return cast("Any", world)

    def _stand_in(self, model: str, name: str, beside: str) -> Replica:
        self.done.append(("stand in", model, name, beside))
        return self.actor

    def _find(self, name: str) -> Replica | None:
        if name == "old":
            return None if self.gone else OLD
        return self.actor if ("remove", self.actor.id, True) not in self.done else None

    def _accepted(self) -> Configuration:
        if self.new is None:
            raise Refused(
                "nginx rejects its configuration in x",
                help="mend it",
                evidence=("unknown directive",),
            )
        return self.new

    def _visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str
    ) -> dict[Site, Visit]:
        assert via == "old"
        self.paths.append(path)
        answers = self.now if place is PLACE else self.then
        limit = {s.host for s in sites if self.limits.get((place.host, s.host), 0) > 0}
        for host in limit:
            self.limits[place.host, host] -= 1
        asked = [s for s in sites if s.address_in(place)]
        statuses = {s: 503 if s.host in limit else answers.get(s.host, 200) for s in asked}
        return {site: Visit(status, f"answered {status}") for site, status in statuses.items()}


@pytest.mark.parametrize("now", [0, 1, TRIES])
@pytest.mark.parametrize("then", [0, 1, TRIES])
def test_a_site_that_was_asked_too_often_is_asked_again(now: int, then: int) -> None:
    limits = {(PLACE.host, "a.test"): now, (ACTOR.networks[0].host, "a.test"): then}
    rehearsal().do(Stage(limits=limits).world)
    assert not any(limits.values())


def test_one_that_goes_on_answering_so_is_worse() -> None:
    stage = Stage(limits={(ACTOR.networks[0].host, "a.test"): 1000})
    fails(stage, rehearsal(), "answered 503 for http://a.test:80, where the present one answered")


def rehearsal(
    *,
    place: Attachment | None = PLACE,
    shares: bool = True,
    path: str = "",
    **front: Any,  # noqa: ANN401 - fields of Front
) -> RehearseGateway:
    """Of one new nginx, beside the one called old."""
    front_of = Front(takers=("old",), place=place, **front)
    before = Before(frozenset(), 0)
    return RehearseGateway("nginx", before, front_of, Ready(path=path or None), shares=shares)


def fails(stage: Stage, step: RehearseGateway, words: str) -> NotReady:
    """What the rehearsal ends with; nothing of it is left."""
    with pytest.raises(NotReady, match=words) as failure:
        step.do(stage.world)
    assert stage.done[-1] == ("remove", ACTOR.id, True)
    return failure.value


@pytest.mark.parametrize(
    ("new", "now", "then", "worse"),
    [
        (reading("a", "b"), {}, {}, ""),
        (reading("a"), {}, {"b.test": 404}, "b.test:80"),
        (reading("a"), {"b.test": 0}, {"b.test": 404}, ""),
        (reading("a", "b", "c"), {}, {"c.test": 500}, "c.test:80"),
    ],
)
def test_a_site_that_the_new_nginx_has_lost_is_asked_of_it_all_the_same(
    new: Configuration, now: dict[str, int], then: dict[str, int], worse: str
) -> None:
    stage = Stage(new, reading("a", "b"), now, then)
    with pytest.raises(NotReady, match=worse) if worse else nullcontext():
        rehearsal().do(stage.world)


def test_a_site_that_nobody_can_ask_for_there_may_go() -> None:
    """One for IPv6 alone, on a network without it."""
    only_ipv6 = "server { listen [::]:80 ipv6only=on; server_name b.test; }"
    present = reads("server { listen 80 reuseport; server_name a.test; }", only_ipv6)
    rehearsal().do(Stage(reading("a"), present).world)


def test_where_somebody_has_removed_the_new_one_the_rehearsal_says_so() -> None:
    with pytest.raises(NotReady, match="somebody has removed the new nginx"):
        rehearsal().do(Stage(replicas=()).world)


def test_it_begins_with_the_includes_of_the_present_one_and_is_removed_with_its_volumes() -> None:
    stage = Stage(reading("a", files={INCLUDE: PRESENT_TEXT}))
    edge = replica(15, of="edge")
    place = wiring(1)
    place = replace(place, route=replace(place.route, include=INCLUDE))
    rehearsal(edge=edge, behind={"app": place}).do(stage.world)
    name = "composeroll-rehearsal.shop.nginx"
    assert stage.done == [
        ("stand in", replica(2).id, name, edge.id),
        ("put", ACTOR.id, INCLUDE, PRESENT_TEXT),
        ("start", ACTOR.id),
        ("stop", {ACTOR.id: 0}),
        ("remove", ACTOR.id, True),
    ]


def test_without_an_edge_it_stands_beside_the_one_that_serves() -> None:
    stage = Stage()
    rehearsal().do(stage.world)
    assert stage.done[0][-1] == "old"


def test_an_include_that_it_does_not_begin_with_is_told() -> None:
    place = wiring(1)
    behind = {"app": replace(place, route=replace(place.route, include=INCLUDE))}
    fails(Stage(), rehearsal(behind=behind), "the new nginx does not read /etc/nginx/app.conf")


def test_a_configuration_that_it_rejects_is_told_with_nginxs_own_words() -> None:
    failure = fails(Stage(new=None), rehearsal(), "the new nginx: nginx rejects its configuration")
    assert (failure.help, failure.evidence) == ("mend it", ("unknown directive",))


def test_a_port_that_it_could_not_share_is_told_only_where_it_is_to_share_it() -> None:
    failure = fails(Stage(reads(ALONE)), rehearsal(), "the new nginx: .* has no reuseport")
    assert "reuseport" in (failure.help or "")
    rehearsal(shares=False).do(Stage(reads(ALONE)).world)


def test_what_is_only_worth_a_warning_does_not_end_it() -> None:
    rehearsal().do(Stage(reads(QUIC), reads(QUIC)).world)


def test_a_port_that_it_does_not_listen_on_is_missed() -> None:
    stage = Stage(reads("server { listen 8080 reuseport; }"))
    words = "does not listen on port 80, as the present one does"
    fails(stage, rehearsal(place=None), words)


def test_one_that_somebody_has_removed_can_be_compared_with_nothing() -> None:
    fails(Stage(gone=True), rehearsal(), "somebody has removed the nginx that serves")


def test_one_that_is_not_where_its_clients_would_ask_it_is_told() -> None:
    apart = replace(PLACE, network_id="n2", network="shop_front")
    fails(Stage(), rehearsal(place=apart), "shop-nginx-9 is not on network shop_front")


@pytest.mark.parametrize(("path", "asked"), [("", "/"), ("/healthz", "/healthz")])
def test_it_is_asked_for_what_the_settings_say(path: str, asked: str) -> None:
    stage = Stage()
    rehearsal(path=path).do(stage.world)
    assert stage.paths == [asked, asked]


def test_the_way_back_removes_what_a_half_done_one_has_left_and_nothing_else() -> None:
    stage = Stage()
    rehearsal().undo(stage.world)
    rehearsal().undo(stage.world)
    assert stage.done == [("stop", {ACTOR.id: 0}), ("remove", ACTOR.id, True)]


def test_what_a_killed_rehearsal_has_left_is_cleared_away_with_the_leftovers() -> None:
    left = replica(2, NEW, of="nginx", state=ContainerState.EXITED)
    stage = Stage(replicas=(left,))
    ClearRehearsal("nginx", (left,)).do(stage.world)
    assert stage.done[:2] == [("stop", {ACTOR.id: 0}), ("remove", ACTOR.id, True)]
    assert stage.done[-1] == ("remove", left.id, False)
