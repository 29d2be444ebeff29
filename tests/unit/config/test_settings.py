"""Every key with every kind of wrong value, and what is said about a key that does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from composeroll.config.layers import Layer, environment_name, layer, resolve
from composeroll.config.settings import Batch, LongConnections, Order, Settings
from composeroll.config.values import SETTINGS
from composeroll.errors import ExitCode, SettingsError
from composeroll.model import Protocol

GOOD: dict[str, list[tuple[object, object]]] = {
    "gateway": [("nginx", "nginx"), ("none", "none")],
    "upstream": [("backend", "backend")],
    "include": [("/opt/nginx/up.include", "/opt/nginx/up.include")],
    "port": [(9000, 9000), ("9000", 9000), (1, 1), (65535, 65535)],
    "protocol": [(word.value, word) for word in Protocol],
    "template": [("./mine.j2", "./mine.j2")],
    "ready.path": [("/ping", "/ping")],
    "ready.status": [
        (204, ((204, 204),)),
        ("200-399", ((200, 399),)),
        ("200-299, 401", ((200, 299), (401, 401))),
        ([200, "300-302"], ((200, 200), (300, 302))),
    ],
    "ready.host": [("example.org", "example.org")],
    "ready.timeout": [("90s", 90.0), (5, 5.0)],
    "ready.interval": [("200ms", 0.2)],
    "ready.successes": [(3, 3), ("3", 3)],
    "ready.settle": [("3s", 3.0), (0, 0.0)],
    "drain.timeout": [("1m", 60.0)],
    "drain.long_connections": [(word.value, word) for word in LongConnections],
    "drain.long_after": [("30s", 30.0), ("0s", 0.0)],
    "drain.detach": [(True, True), ("true", True), (False, False), ("false", False)],
    "order": [(word.value, word) for word in Order],
    "batch": [
        ("all", Batch()),
        (2, Batch(count=2)),
        ("2", Batch(count=2)),
        ("50%", Batch(percent=50)),
    ],
    "keep": [(10, 10), ("3", 3)],
    "monitor": [("10s", 10.0)],
    "max_errors": [("5%", 0.05), ("0.5%", 0.005), ("0%", 0.0), ("100%", 1.0)],
    "min_requests": [(20, 20), ("1", 1)],
}

TEXT: list[object] = ["", "  ", 1, True, [], {}, None]
NUMBER: list[object] = [0, -1, "", "x", 1.5, True, None, [1]]
DURATION: list[object] = ["", "x", "-1s", "1 s", True, None, [1]]
WORD: list[object] = ["", "x", 1, True, None, []]
PATH: list[object] = ["", "ping", 1, None, ["/"]]
BAD: dict[str, list[object]] = {
    "gateway": TEXT,
    "upstream": TEXT,
    "include": PATH,
    "port": [*NUMBER, 65536],
    "protocol": [*WORD, "HTTP"],
    "template": TEXT,
    "ready.path": [*PATH, "/a b"],
    "ready.status": ["", "2xx", "399-200", "0400-399", 99, 600, "200-", "-200", True, None, {}, []],
    "ready.host": TEXT,
    "ready.timeout": DURATION,
    "ready.interval": [*DURATION, 0, "0ms"],
    "ready.successes": NUMBER,
    "ready.settle": DURATION,
    "drain.timeout": DURATION,
    "drain.long_connections": WORD,
    "drain.long_after": DURATION,
    "drain.detach": ["", "x", 1, None, [], "yes"],
    "order": WORD,
    "batch": [*NUMBER, "0%", "101%", "half", "%", "1.5%"],
    "keep": NUMBER,
    "monitor": DURATION,
    "max_errors": ["", "5", 5, 0.05, "101%", "-1%", "%", "5 %", "5%%", True, None, ["5%"]],
    "min_requests": NUMBER,
}


def read(key: str, value: object) -> object:
    """One setting out of one layer."""
    found: Any = resolve([Layer("services.app.x-composeroll", {key: value})])
    for name in key.split("."):
        found = getattr(found, name)
    return found


def test_every_key_has_good_and_bad_values_here() -> None:
    assert set(GOOD) == set(BAD) == set(SETTINGS)


@pytest.mark.parametrize(("key", "value", "meaning"), [(k, *v) for k in GOOD for v in GOOD[k]])
def test_a_good_value_is_taken(key: str, value: object, meaning: object) -> None:
    assert read(key, value) == meaning


@pytest.mark.parametrize(("key", "value"), [(k, v) for k in BAD for v in BAD[k]])
def test_a_wrong_value_is_an_error_that_names_source_key_and_value(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as wrong:
        read(key, value)
    assert wrong.value.what.startswith(f"services.app.x-composeroll: {key} must be ")
    assert wrong.value.exit_code is ExitCode.USAGE


def test_nothing_set_means_the_defaults() -> None:
    assert resolve([]) == Settings()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"prot": 1}, "port"),
        ({"gatway": "x"}, "gateway"),
        ({"ready": {"timout": 1}}, "ready.timeout"),
        ({"ready": {"intervall": 1}}, "ready.interval"),
        ({"drain": {"long-connections": 1}}, "drain.long_connections"),
        ({"long_connections": "cut"}, "drain.long_connections"),
        ({"settle": 1}, "ready.settle"),
        ({"drian": {}}, "drain"),
        ({"ready.timeut": 1}, "ready.timeout"),
    ],
)
def test_an_unknown_key_is_an_error_that_says_which_one_was_meant(
    written: dict[str, object], meant: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        layer("services.app.x-composeroll", written)
    assert wrong.value.what.startswith("services.app.x-composeroll has no key ")
    assert wrong.value.help == f"did you mean {meant!r}?"


def test_a_key_like_no_other_gets_the_list_of_all() -> None:
    with pytest.raises(SettingsError) as wrong:
        layer("x-composeroll", {"zzzzzz": 1})
    assert wrong.value.help
    assert all(key in wrong.value.help for key in SETTINGS)


@pytest.mark.parametrize("raw", ["text", 1, ["port"], {"ready": "fast"}, {"drain": [1]}])
def test_what_should_be_a_mapping_and_is_none_is_an_error(raw: object) -> None:
    with pytest.raises(SettingsError, match="must be a mapping"):
        layer("x-composeroll", raw)


def test_no_mapping_at_all_is_fine() -> None:
    assert not layer("x-composeroll", None).values
    assert not layer("x-composeroll", {"ready": None}).values


def test_a_wrong_value_of_the_environment_is_told_by_its_variable() -> None:
    with pytest.raises(SettingsError, match="the environment: COMPOSEROLL_READY_TIMEOUT must be"):
        resolve([Layer("the environment", {"ready.timeout": "soon"})])
    assert environment_name("ready.timeout") == "COMPOSEROLL_READY_TIMEOUT"


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [
        (Batch(), [0, 1, 5]),
        (Batch(count=2), [0, 1, 2]),
        (Batch(percent=50), [0, 1, 2]),
        (Batch(percent=1), [0, 1, 1]),
    ],
)
def test_a_batch_is_at_least_one_and_at_most_all(batch: Batch, sizes: list[int]) -> None:
    assert [batch.of(replicas) for replicas in (0, 1, 5)] == sizes
