"""The load in its own process: watched, marked, bounded, and loud when it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.load import Failure, Kind, Load, LoadDiedError, LoadOverError, Mix, NotLoopbackError
from tests.unit.load.server import serving_in_thread

MIX = Mix(keepalive=1, fresh=1, post=0, half_post=0, idle=0, rate=400.0, timeout=2.0)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_in_thread() as address:
        yield address


def kill_and_wait(load: Load) -> None:
    os.kill(load.pid, signal.SIGKILL)
    load.after_requests(1_000_000)


def kill_and_divide(load: Load) -> None:
    os.kill(load.pid, signal.SIGKILL)
    raise ZeroDivisionError


def test_a_load_counts_until_the_block_ends(url: str) -> None:
    with Load(f"{url}/ok", MIX) as load:
        load.after_requests(20)
        load.mark("began")
        load.after_requests(20)
        load.mark("ended")
        snapshot = load.after_requests(100)  # more than can have been under way at the mark
    result = load.result()
    phases = result.phases("began", "ended")
    assert not result.failures()
    assert result.total >= snapshot.total >= 140
    assert result.total == sum(sum(result.requests(window).values()) for window in phases)
    assert snapshot.versions["v1"] > 0
    assert result.versions(phases.after)["v1"].first >= result.at("ended")


def test_failures_show_in_the_running_load(url: str) -> None:
    with Load(f"{url}/error_502", MIX) as load:
        snapshot = load.until(lambda seen: seen.failed > 0, timeout=5)
    assert snapshot.failures[Failure.SERVER_ERROR] > 0
    assert set(load.result().failures_by_kind()) == {Kind.KEEPALIVE, Kind.FRESH}


def test_a_dead_load_process_fails_the_test(url: str) -> None:
    load = Load(f"{url}/ok", MIX)
    with pytest.raises(LoadDiedError) as died, load:
        kill_and_wait(load)
    assert died.value.returncode == -signal.SIGKILL
    with pytest.raises(LoadDiedError):
        load.result()


def test_a_load_that_dies_unnoticed_fails_when_the_block_ends(url: str) -> None:
    with pytest.raises(LoadDiedError), Load(f"{url}/ok", MIX) as load:
        os.kill(load.pid, signal.SIGKILL)


def test_a_load_that_ended_before_the_test_did_is_no_proof(url: str) -> None:
    with pytest.raises(LoadOverError), Load(f"{url}/ok", MIX, limit=0.3) as load:
        load.after_requests(1_000_000)


def test_the_error_of_the_block_itself_is_the_one_that_shows(url: str) -> None:
    with pytest.raises(ZeroDivisionError), Load(f"{url}/ok", MIX) as load:
        kill_and_divide(load)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.0.0.1.example.com/",
        "http://localhost@10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fe80::1]/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "127.0.0.1",
    ],
)
def test_load_is_refused_for_anything_but_loopback(address: str) -> None:
    with pytest.raises(NotLoopbackError):
        Load(address)
