"""What a new nginx has to prove once it listens beside the old one."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Attachment, ContainerState, Replica
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps import Incoming, ProveGateway
from tests.unit.nginx.fake import VirtualClock
from tests.unit.nginx.made import join_dump
from tests.unit.rollout.makers import NEW, replica, wiring

APP = "/etc/nginx/app.conf"
NOW = "upstream app { server 10.0.0.1:80; }\n"
MAIN = "events {}\nhttp { include app.conf; server { listen 80 reuseport; } }\n"
CONTAINER = replica(2, NEW, of="nginx")


@dataclass
class Proving:
    """A new nginx that reads an include, and listens.

    Attributes:
        read: the include as it has it.
        heard: the ports on which its processes listen; None where nobody can see that.
        dies: whether it ends while it is asked.
        asked: what it was asked for.
    """

    read: str = NOW
    heard: frozenset[int] | None = frozenset({80})
    dies: bool = False
    container: Replica = CONTAINER
    asked: set[str] = field(default_factory=set)

    def prove(self, path: str = "") -> None:
        """Have it prove itself, by a path of its own or by the usual one."""
        files = {"/etc/nginx/nginx.conf": MAIN, APP: self.read}
        nginx = SimpleNamespace(
            find=lambda _: self.container,
            serves=lambda _: True,
            configuration=lambda _: read_configuration(join_dump(files), (1, 30, 6)),
            listening=lambda _: self.heard,
            visit=self._visit,
        )
        world = SimpleNamespace(
            nginx=nginx,
            engine=SimpleNamespace(
                replicas=lambda _: (self.container,), logs=lambda *_: ("its last words",)
            ),
            gateways=SimpleNamespace(read=lambda *_: NOW),
            clock=VirtualClock(),
            project="shop",
        )
        place = Attachment("n1", "shop_default", "10.0.0.15")
        front = Front(("old",), place, None, {"app": wiring(1)})
        ready = Ready(path=path) if path else Ready()
        step = ProveGateway(Incoming("nginx", frozenset()), front, ready)
        step.do(cast("Any", world))

    def _visit(self, _: object, __: object, ___: object, path: str) -> dict[Any, Any]:
        self.asked.add(path)
        if self.dies:
            self.container = replace(CONTAINER, state=ContainerState.EXITED, exit_code=1)
        return {}


@pytest.mark.parametrize("heard", [frozenset({80, 443}), None])
def test_one_that_reads_and_listens_as_it_is_to_has_proved_itself(
    heard: frozenset[int] | None,
) -> None:
    Proving(heard=heard).prove()


def test_one_whose_entrypoint_has_changed_an_include_is_found_out() -> None:
    """Its rehearsal may have gone well: DNS can be told nothing at the next start."""
    with pytest.raises(NotReady, match=f"starts with a different {APP}"):
        Proving(read=NOW.replace("10.0.0.1", "127.0.0.1")).prove()


def test_a_port_on_which_no_process_of_it_listens_is_named_with_its_last_words() -> None:
    with pytest.raises(NotReady, match="no process of shop-nginx-2 listens on port 80") as failed:
        Proving(heard=frozenset({443})).prove()
    assert failed.value.evidence[-1] == "  its last words"


def test_one_that_dies_while_it_is_asked_has_proved_nothing() -> None:
    with pytest.raises(NotReady, match="shop-nginx-2 exited with code 1"):
        Proving(dies=True).prove()


@pytest.mark.parametrize(("path", "asked"), [("", "/"), ("/healthz", "/healthz")])
def test_it_is_asked_for_the_path_of_its_settings(path: str, asked: str) -> None:
    proving = Proving()
    proving.prove(path)
    assert proving.asked == {asked}
