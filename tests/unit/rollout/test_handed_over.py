"""What a new nginx is given before its first request, and that it reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import NotReady
from composeroll.model import Attachment, ContainerState, Replica
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps import HandOverUpstreams, Incoming
from composeroll.rollout.steps.current import require_texts
from tests.unit.nginx.made import join_dump
from tests.unit.rollout.makers import NEW, replica, wiring

APP = "/etc/nginx/app.conf"
NOW = "upstream app { server 10.0.0.1:80; }\n"
BY_NAME = "upstream app { server app:80; }\n"


def reads(**files: str) -> Configuration:
    """What `nginx -T` tells of these files, by name."""
    below = {f"/etc/nginx/{name}.conf": text for name, text in files.items()}
    return read_configuration(join_dump({"/etc/nginx/nginx.conf": "events {}\n", **below}), (1, 30))


def test_a_new_nginx_that_reads_what_it_was_given_is_fine() -> None:
    require_texts(reads(app=NOW), {APP: NOW}, "nginx")


@pytest.mark.parametrize(
    ("new", "said", "mend"),
    [
        (reads(app=BY_NAME), f"starts with a different {APP} than it was given", "its entrypoint"),
        (reads(), f"does not read {APP}, which the one that serves", "keep an include directive"),
    ],
)
def test_one_that_reads_something_else_is_told_what_is_in_the_way(
    new: Configuration, said: str, mend: str
) -> None:
    with pytest.raises(NotReady, match=f"the new nginx {said}") as failed:
        require_texts(new, {APP: NOW}, "nginx")
    assert str(failed.value.help).startswith(mend)


@dataclass
class Gateways:
    """An old gateway with its include, and a new one that has something else.

    Attributes:
        old: the include of the one that serves.
        has: that of the new one.
        serving: what runs of the service behind them.
        drained: which of it the rollout has drained.
        known: which new ones were seen to take requests before.
        started: what the new one is as soon as it was given something.
        done: what the new one was told, and how.
    """

    new: Replica
    old: str = NOW
    has: str = "another"
    serving: tuple[Replica, ...] = (replica(1),)
    drained: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    started: Replica | None = None
    done: list[tuple[object, ...]] = field(default_factory=list)

    def hand_over(self) -> None:
        """Give the new one what the old one has."""
        place = Attachment("n1", "shop_default", "10.0.0.15")
        front = Front(("old", *self.known), place, None, {"app": wiring(1)})
        world = SimpleNamespace(
            drained=self.drained,
            project="shop",
            engine=SimpleNamespace(replicas=self._replicas),
            nginx=SimpleNamespace(put=lambda *words: self.done.append(("put", *words))),
            gateways=SimpleNamespace(
                read=lambda container, _: self.old if container == "old" else self.has,
                switch=lambda texts: self.done.append(("switch", texts)),
            ),
        )
        step = HandOverUpstreams(Incoming("nginx", frozenset()), front)
        step.do(cast("Any", world))

    def _replicas(self, names: list[str]) -> tuple[Replica, ...]:
        new = self.started if self.started and self.done else self.new
        return {"app": self.serving, "nginx": (new,)}[names[0]]


def nginx(state: ContainerState) -> Replica:
    return replica(2, NEW, of="nginx", state=state)


CREATED, RUNS = nginx(ContainerState.CREATED), nginx(ContainerState.RUNNING)


def test_one_that_was_only_created_finds_the_upstreams_of_now_when_it_starts() -> None:
    gateways = Gateways(CREATED)
    gateways.hand_over()
    assert gateways.done == [("put", CREATED.id, APP, NOW)]


@pytest.mark.parametrize(
    ("has", "calls"), [("another", [("switch", {RUNS.id: {APP: NOW}})]), (NOW, [])]
)
def test_one_that_runs_since_a_rollout_was_cut_off_is_told_what_it_does_not_know(
    has: str, calls: list[tuple[object, ...]]
) -> None:
    gateways = Gateways(RUNS, has=has, known=(RUNS.id,))
    gateways.hand_over()
    assert gateways.done == calls


def test_one_that_somebody_starts_while_it_is_given_them_is_for_the_next_run_too() -> None:
    """It may have begun with what its image has."""
    gateways = Gateways(CREATED, started=RUNS)
    with pytest.raises(NotReady, match="shop-nginx-2 began to take requests during the rollout"):
        gateways.hand_over()


def test_one_that_somebody_has_started_meanwhile_is_for_the_next_run() -> None:
    gateways = Gateways(RUNS)
    with pytest.raises(NotReady, match="shop-nginx-2 began to take requests during the rollout"):
        gateways.hand_over()
    assert gateways.done == []


def test_a_name_is_handed_over_as_the_addresses_that_it_means_now() -> None:
    """Nginx would first have to ask for it, and answers 502 until it knows."""
    elsewhere = replace(replica(3), networks=())
    gateways = Gateways(CREATED, old=BY_NAME, serving=(replica(1), elsewhere))
    gateways.hand_over()
    ((_, _, path, text),) = gateways.done
    assert path == APP
    assert "server 10.0.0.1:80" in str(text)
    assert "app:80" not in str(text)


def test_a_name_that_a_restarted_nginx_goes_by_is_handed_over_without_what_has_drained() -> None:
    both = (replica(1), replica(3, NEW))
    gateways = Gateways(CREATED, old=BY_NAME, serving=both, drained=frozenset({both[0].id}))
    gateways.hand_over()
    ((_, _, _, text),) = gateways.done
    assert "server 10.0.0.3:80" in str(text)
    assert "10.0.0.1:80" not in str(text)


def test_a_name_that_means_nobody_now_is_handed_over_as_it_is() -> None:
    gateways = Gateways(CREATED, old=BY_NAME, serving=(replica(1, state=ContainerState.EXITED),))
    gateways.hand_over()
    assert gateways.done == [("put", CREATED.id, APP, BY_NAME)]
