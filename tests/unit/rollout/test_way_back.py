"""How nginx is led back: told first, then waited for, and only then what was new may go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import EngineError, GatewayError
from composeroll.model import ContainerState, Held, Replica, Server, Upstream
from composeroll.report.events import Event, Noted, Warned
from composeroll.rollout.steps import AdoptReplicas, Incoming, PinUpstreams, Switch, SwitchUpstreams
from composeroll.rollout.steps.drain import RESTART
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, replica, wiring

SERVES, MADE = replica(1), replica(2, NEW)
INCLUDE = "/etc/nginx/app.conf"
TIMEOUT = 30.0

Texts = Mapping[str, Mapping[str, str | None]]


@dataclass
class Stage:
    """Gateways that may refuse, whose old workers may stay, and what is done in which order.

    Attributes:
        holds: the file in every gateway.
        workers: how many old workers there are at each look; the last one holds for ever.
        unreadable: a gateway that is gone.
        gateway: the nginx container.
        wakes: it is started again while its file is written.
        boots: it runs again after so many looks at it, and then takes what it is told.
    """

    refuses: bool = False
    wakes: bool = False
    boots: int | None = None
    holds: str | None = "new"
    workers: list[int] = field(default_factory=lambda: [0])
    settled: bool = True
    unreadable: str = ""
    gateway: Replica = field(default_factory=lambda: replace(replica(9, of="nginx"), id="g1"))
    now: tuple[Replica, ...] = (SERVES, MADE)
    proven: dict[str, Replica] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    texts: list[Texts] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as these steps touch
        """What the steps are given."""
        gateways = SimpleNamespace(
            restore=self._restore,
            old_workers=self._old_workers,
            held=lambda *_: Held(1),
            read=self._read,
            settled=self.settled,
        )
        engine = SimpleNamespace(
            replicas=self._replicas,
            logs=lambda *_: (),
            forbid_restart=lambda _: self.done.append("forbid"),
            stop=lambda *_: self.done.append("stop"),
            remove=lambda _, **__: self.done.append("remove"),
        )
        return cast(
            "Any",
            SimpleNamespace(
                gateways=gateways,
                engine=engine,
                nginx=SimpleNamespace(put=self._put),
                project="shop",
                clock=self.clock,
                emit=self.events.append,
                proven=self.proven,
            ),
        )

    def _replicas(self, services: Collection[str]) -> tuple[Replica, ...]:
        if self.boots is not None and self.gateway.service in services:
            self.boots -= 1
            if not self.boots:
                self.refuses = False
                self.gateway = replace(self.gateway, state=ContainerState.RUNNING)
        return tuple(r for r in (*self.now, self.gateway) if r.service in services)

    def _read(self, container: str, path: str) -> str | None:
        del path
        if container == self.unreadable:
            raise EngineError(f"No such container: {container}")
        return self.holds

    def _restore(self, texts: Texts) -> None:
        self.done.append("restore")
        self.texts.append(texts)
        if self.refuses:
            raise GatewayError("nginx did not take it")

    def _put(self, container: str, path: str, text: str) -> None:
        self.done.append("put")
        self.texts.append({container: {path: text}})
        if self.wakes:
            self.gateway = replace(self.gateway, state=ContainerState.RUNNING)

    def _old_workers(self, services: Collection[str]) -> int:
        assert set(services) == {"nginx"}
        self.done.append("look")
        return self.workers.pop(0) if len(self.workers) > 1 else self.workers[0]


WRITTEN = Server("10.0.0.1:80", (), f"{SERVES.name} {SERVES.short_id}")


def switch(*servers: Server) -> Switch:
    """From these servers to the replica that was made."""
    place = wiring(1)
    before = Upstream("app", servers or (WRITTEN,))
    incoming = Incoming("app", frozenset({SERVES.id}))
    return Switch(incoming, place.route, before, place.texts, served=(SERVES,))


def test_what_was_gone_on_with_goes_once_no_worker_knows_it_any_more() -> None:
    stage = Stage(workers=[1, 1, 0])
    AdoptReplicas((MADE,), switch(), TIMEOUT).undo(stage.world)
    assert stage.done == ["restore", "look", "look", "look", "forbid", "stop", "remove"]
    assert stage.texts == [{"g1": {INCLUDE: "as it was"}}]


def test_it_stays_where_nginx_cannot_be_told() -> None:
    stage = Stage(refuses=True)
    with pytest.raises(GatewayError):
        AdoptReplicas((MADE,), switch(), TIMEOUT).undo(stage.world)
    assert stage.done == ["restore"]


DOWN = replace(replica(9, of="nginx", state=ContainerState.EXITED), id="g1")
BACK = {"g1": {INCLUDE: "as it was"}}


def test_a_gateway_that_refuses_the_way_back_is_an_error_while_it_runs() -> None:
    stage = Stage(refuses=True)
    with pytest.raises(GatewayError):
        SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    assert stage.done == ["restore"]


def test_one_that_is_down_finds_the_old_include_at_its_next_start() -> None:
    """Whatever made it end, it may come back by itself, and what was new is gone by then."""
    stage = Stage(refuses=True, gateway=DOWN)
    SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    assert stage.done[-2:] == ["put", "look"]
    assert stage.texts[-1] == BACK
    assert stage.clock.now() == pytest.approx(RESTART, abs=0.2)


def test_one_that_came_back_before_its_file_was_right_may_go_by_the_new_one() -> None:
    with pytest.raises(GatewayError):
        SwitchUpstreams((switch(),), TIMEOUT).undo(
            Stage(refuses=True, gateway=DOWN, wakes=True).world
        )


def test_one_that_is_down_hides_no_refusal_of_another_one_that_runs() -> None:
    """What was new stays while a worker may still send requests to it."""
    up = replace(replica(8, of="nginx"), id="g2")
    two = wiring(1, gateways=("g1", "g2"))
    both = replace(switch(), route=two.route, texts={"g1": "as it was", "g2": "as it was"})
    stage = Stage(refuses=True, gateway=DOWN, now=(SERVES, MADE, up))
    with pytest.raises(GatewayError, match="did not take it"):
        SwitchUpstreams((both,), TIMEOUT).undo(stage.world)
    assert stage.done[-2:] == ["put", "restore"]


@pytest.mark.parametrize(("of", "waited"), [(MADE, TIMEOUT), (SERVES, 0.0)])
def test_workers_are_waited_for_as_long_as_they_hold_something_with_what_is_to_go(
    of: Replica, waited: float
) -> None:
    """A connection to what served before goes on to serve."""
    address = next(iter(of.networks)).ipv4 or ""

    def held(_: object, leaving: Collection[str]) -> Held:
        return Held(1, leaving=frozenset({address} & {*leaving}))

    stage = Stage(workers=[1])
    world = stage.world
    world.gateways.held = held
    SwitchUpstreams((switch(),), TIMEOUT).undo(world)
    assert stage.clock.now() == pytest.approx(waited, abs=2.0)


def test_one_that_is_only_being_restarted_is_told_once_it_runs() -> None:
    stage = Stage(refuses=True, gateway=DOWN, boots=3)
    SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    assert stage.done[-2:] == ["restore", "look"]
    assert "put" not in stage.done


def test_one_that_was_made_anew_meanwhile_may_go_by_the_new_include() -> None:
    stage = Stage(refuses=True, gateway=replace(replica(9, of="nginx"), id="another"))
    with pytest.raises(GatewayError):
        SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)


def test_where_no_nginx_is_left_nobody_goes_by_anything() -> None:
    stage = Stage(refuses=True, gateway=replace(replica(9, of="other"), id="another"))
    SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    assert "look" in stage.done


def test_one_that_refuses_what_its_files_say_already_took_nothing_else() -> None:
    stage = Stage(refuses=True, holds="as it was")
    SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    stage.settled = False
    with pytest.raises(GatewayError):
        SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)


@pytest.mark.parametrize("running", [True, False])
def test_workers_that_cannot_be_counted_may_still_know_the_new_replicas(*, running: bool) -> None:
    def unknown(_: object) -> int:
        raise GatewayError("nginx cannot be looked at")

    state = ContainerState.RUNNING if running else ContainerState.EXITED
    stage = Stage(gateway=replace(replica(9, of="nginx", state=state), id="g1"))
    world = stage.world
    world.gateways.old_workers = unknown
    if running:
        with pytest.raises(GatewayError):
            SwitchUpstreams((switch(),), TIMEOUT).undo(world)
    else:
        SwitchUpstreams((switch(),), TIMEOUT).undo(world)


def test_a_pin_that_cannot_be_taken_back_says_which_include_goes_on_naming_whom() -> None:
    stage = Stage(refuses=True)
    PinUpstreams((switch(Server("app:80")),), TIMEOUT).undo(stage.world)
    (warned,) = (event.text for event in stage.events if isinstance(event, Warned))
    assert (
        warned
        == f"{INCLUDE} keeps the addresses of the replicas that serve now: nginx did not take it"
    )


def test_a_name_that_nginx_resolves_itself_stays_pinned_and_that_is_said() -> None:
    stage = Stage()
    PinUpstreams((switch(Server("app:80", ("resolve",))),), TIMEOUT).undo(stage.world)
    assert stage.done == []
    assert stage.events == [Noted(f"{INCLUDE} keeps the addresses of the replicas that serve now")]


RESOLVED = Server("app:80", ("resolve",))


def test_nor_is_it_told_again_where_nginx_was_told_nothing_else() -> None:
    """It may reject its files, and then nothing can be told; nothing has to be, either."""
    stage = Stage(refuses=True, holds="as it was", now=(SERVES,))
    SwitchUpstreams((switch(RESOLVED),), TIMEOUT).undo(stage.world)
    assert stage.done == []


@pytest.mark.parametrize(
    "stage",
    [
        Stage(now=(SERVES,)),
        Stage(now=(SERVES,), holds="as it was", settled=False),
        Stage(now=(SERVES, MADE), holds="as it was"),
    ],
    ids=["told another", "may be told another", "means another"],
)
def test_in_its_place_those_are_named_that_it_meant(stage: Stage) -> None:
    SwitchUpstreams((switch(RESOLVED),), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 10.0.0.1:80;" in (texts["g1"][INCLUDE] or "")
    assert "10.0.0.2" not in (texts["g1"][INCLUDE] or "")


@pytest.mark.parametrize(
    "old",
    [
        switch(),
        replace(switch(), served=()),
        replace(switch(), incoming=Incoming("app", frozenset())),
    ],
    ids=["served and leaves", "leaves", "served"],
)
def test_there_is_no_way_back_where_all_old_ones_are_gone(old: Switch) -> None:
    stage = Stage(now=(MADE,))
    with pytest.raises(GatewayError, match="nothing is left to go back to"):
        SwitchUpstreams((old,), TIMEOUT).undo(stage.world)


def test_an_old_replica_is_named_where_it_is_now() -> None:
    """It was started again meanwhile; nobody has its address of before."""
    moved = replace(SERVES, networks=replica(7).networks)
    stage = Stage(now=(moved, MADE))
    SwitchUpstreams((switch(),), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 10.0.0.7:80;" in (texts["g1"][INCLUDE] or "")


@pytest.mark.parametrize(
    "gap", [replace(switch(), stops_first=True), replace(switch(), in_place=True)]
)
def test_while_what_served_is_stopped_nginx_answers_502_itself(gap: Switch) -> None:
    """Its address may be anybody's by now."""
    stage = Stage(now=(replica(1, state=ContainerState.EXITED), MADE))
    SwitchUpstreams((gap,), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 224.0.0.0:80 down;" in (texts["g1"][INCLUDE] or "")
    assert "10.0.0.1" not in (texts["g1"][INCLUDE] or "")


@pytest.mark.parametrize(
    "left", [(), (replica(1, state=ContainerState.RESTARTING),)], ids=["cleared", "crashing"]
)
def test_an_address_that_a_new_replica_has_now_is_not_named_as_the_old_ones(
    left: tuple[Replica, ...],
) -> None:
    """Requests would be on it when it is taken away."""
    heir = replace(MADE, networks=SERVES.networks)
    stage, all_new = Stage(now=(*left, heir)), Incoming("app", frozenset())
    back = replace(switch(), incoming=all_new, served=(), known=frozenset({SERVES.id}))
    SwitchUpstreams((back,), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 224.0.0.0:80 down;" in (texts["g1"][INCLUDE] or "")


@pytest.mark.parametrize(
    ("since", "named"),
    [({}, "10.0.0.3:80;"), ({"restarts": 1}, "224.0.0.0:80 down;")],
    ids=["lives", "died since"],
)
def test_an_old_one_that_nginx_had_lost_sight_of_serves_again_where_it_has_proved_itself(
    since: dict[str, Any], named: str
) -> None:
    """It was started again at another address, and a new one has got the one that nginx names."""
    heir, moved = replace(MADE, networks=SERVES.networks), replica(3)
    stage = Stage(now=(replace(moved, **since), heir), proven={moved.id: moved})
    back = replace(switch(), incoming=Incoming("app", frozenset()), served=())
    SwitchUpstreams((replace(back, known=frozenset({moved.id})),), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert f"server {named}" in (texts["g1"][INCLUDE] or "")


def test_an_address_that_is_nobodys_is_not_named_again_where_one_has_proved_itself() -> None:
    """Whoever gets it next is perhaps another service's."""
    moved = replica(3)
    stage = Stage(now=(moved, MADE), proven={moved.id: moved})
    back = replace(switch(), incoming=Incoming("app", frozenset()), served=())
    SwitchUpstreams((replace(back, known=frozenset({moved.id})),), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 10.0.0.3:80;" in (texts["g1"][INCLUDE] or "")
    assert "10.0.0.1" not in (texts["g1"][INCLUDE] or "")


def test_what_the_way_back_takes_away_is_not_named_though_it_runs() -> None:
    """A broken rollout had made it, of an image that is outdated by now like the old one's."""
    half, all_new = replica(3), Incoming("app", frozenset({SERVES.id, replica(3).id}))
    back = replace(switch(Server("10.0.0.9:80")), incoming=all_new, served=())
    stage = Stage(now=(SERVES, half))
    SwitchUpstreams((replace(back, unproven=frozenset({half.id})),), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    assert "server 10.0.0.1:80;" in (texts["g1"][INCLUDE] or "")
    assert "10.0.0.3" not in (texts["g1"][INCLUDE] or "")


def test_servers_of_somebody_elses_are_put_back_whatever_became_of_the_replicas() -> None:
    foreign = switch(WRITTEN, Server("192.0.2.7:80"))
    stage = Stage(now=(replica(1, state=ContainerState.EXITED), MADE))
    SwitchUpstreams((replace(foreign, stops_first=True),), TIMEOUT).undo(stage.world)
    assert stage.texts == [{"g1": {INCLUDE: "as it was"}}]


def test_gateways_with_two_texts_are_led_back_to_what_lives() -> None:
    """A rollout was cut off between them: one of them may name what is gone by now."""
    two = wiring(1, 3, gateways=("g1", "g2"))
    split = replace(
        switch(),
        route=two.route,
        previous=two.upstream,
        texts={"g1": "as it was", "g2": "and as it was then"},
    )
    stage = Stage()
    SwitchUpstreams((split,), TIMEOUT).undo(stage.world)
    (texts,) = stage.texts
    for text in (texts[gateway][INCLUDE] or "" for gateway in ("g1", "g2")):
        assert "server 10.0.0.1:80;" in text
        assert "10.0.0.3" not in text


def test_a_gateway_that_somebody_has_removed_keeps_no_other_from_being_led_back() -> None:
    two = wiring(1, gateways=("g0", "g1"))
    both = replace(switch(), route=two.route, texts={"g0": "as it was", "g1": "as it was"})
    stage = Stage(unreadable="g0")
    SwitchUpstreams((both,), TIMEOUT).undo(stage.world)
    assert stage.done[0] == "restore"


def test_a_replica_without_an_address_for_the_gateway_is_refused_with_what_to_change() -> None:
    lost = replace(MADE, networks=())
    with pytest.raises(GatewayError, match="shop-app-2 has no address on a network") as refused:
        switch().text("shop", (SERVES, lost))
    assert refused.value.help == "put app and nginx on one network"
