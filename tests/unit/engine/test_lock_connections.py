"""Locks are asked for and written while everything else waits for the engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.api.transport import UnixSocket
from composeroll.engine.engine import Engine
from tests.unit.engine.sham import Sham, sham_engine


def engine_at(sham: Sham, limit: int | None) -> Engine:
    """An engine to which few connections are kept, as over ssh, or any number."""
    transport = UnixSocket(str(sham.server_address))
    transport.limit = limit
    return Engine(ComposeFlags(), "shop", transport)


@pytest.mark.parametrize("limit", [1, 4, None])
def test_while_replicas_stop_on_every_connection_locks_do_not_wait(
    tmp_path: Path, limit: int | None
) -> None:
    with (
        sham_engine(tmp_path) as sham,
        engine_at(sham, limit) as engine,
        ThreadPoolExecutor(1) as pool,
    ):
        stops = pool.submit(engine.stop, {f"c{n}": 60.0 for n in range(8)})
        for _ in range(limit or 8):
            assert sham.posted.acquire(timeout=5)
        assert engine.locks.id_of("composeroll-lock.shop.app") is None
        assert not sham.done
        sham.may_do.set()
        stops.result()


@pytest.mark.parametrize(("limit", "connections"), [(4, 2), (None, 1)])
def test_only_where_connections_are_few_locks_have_one_of_their_own(
    tmp_path: Path, limit: int | None, connections: int
) -> None:
    with sham_engine(tmp_path) as sham:
        with engine_at(sham, limit) as engine:
            engine.find("c1")
            assert sham.connections == 1
            engine.locks.id_of("composeroll-lock.shop.app")
            assert sham.connections == connections
        for _ in range(connections):
            assert sham.closed.acquire(timeout=5)
