"""A reload that waits in nginx's container while the files are written: told once, or never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Output
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.gateways import Gateways
from tests.unit.nginx.fake import FakeNginx, VirtualClock, Waiting
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, replica

NEW = "upstream backend { server 10.0.0.6:9000; }\n"
BAD = "upstream backend { nonsense }\n"


@dataclass
class Nginx(FakeNginx):
    """One that tells when a reload began to wait; it may refuse that, or lose it again."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    files: dict[str, str] = field(
        default_factory=lambda: {MAIN: "http { include upstreams/*.conf; }", INCLUDE: BACKEND}
    )
    refuses: bool = False
    loses: bool = False

    def prepare(self, container: str, argv: Sequence[str]) -> Waiting:
        """As ever, or not."""
        if self.refuses:
            raise EngineError("the container is paused")
        self.log.append("waits")
        waiting = super().prepare(container, argv)
        waiting.run = gone if self.loses else waiting.run
        return waiting


def gone() -> Output:
    raise EngineError("no such exec instance")


def switch(*fakes: Nginx) -> None:
    gates = [Gateway(f, replica("nginx", n), f.clock) for n, f in enumerate(fakes, start=1)]
    Gateways(gates).switch({gate.container.id: {INCLUDE: NEW} for gate in gates})


def test_it_waits_before_anything_is_written_and_is_told_after_it() -> None:
    fake = Nginx()
    switch(fake)
    assert fake.log == ["waits", f"put {INCLUDE}", "reload"]
    assert fake.serving[INCLUDE] == NEW
    assert [(one.released, one.closed) for one in fake.waiting] == [(True, True)]


def test_where_one_nginx_rejects_its_files_nobody_is_told_and_nothing_waits_on() -> None:
    first, second = Nginx(), Nginx()
    second.files["/etc/nginx/upstreams/z.conf"] = BAD
    with pytest.raises(GatewayError):
        switch(first, second)
    waiting = [*first.waiting, *second.waiting]
    assert [(one.released, one.closed) for one in waiting] == [(False, True)] * 2
    assert "reload" not in first.log + second.log


@pytest.mark.parametrize(
    "fake",
    [
        Nginx(has_shell=False),
        Nginx(no_pid_file=True),
        Nginx(refuses=True),
        Nginx(loses=True),  # as where its container was started anew meanwhile
    ],
)
def test_where_it_cannot_tell_the_master_another_way_does(fake: Nginx) -> None:
    switch(fake)
    assert fake.log.count("reload") == 1
    assert fake.serving[INCLUDE] == NEW
