"""Settings from layers: a flag overrides the environment, which overrides the compose file.

Within the file, a service's `x-composeroll` overrides the top-level one, which overrides compose's
own `deploy.update_config` and `healthcheck`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct

from composeroll.config.dollars import written
from composeroll.config.durations import parse_duration
from composeroll.config.settings import Drain, Ready, Settings
from composeroll.config.values import SETTINGS
from composeroll.errors import SettingsError

_GROUPS = {"ready": Ready, "drain": Drain}
COMMAND_LINE = "the command line"
ENVIRONMENT_PREFIX = "COMPOSEROLL_"
OF_FLAGS = ("json", "quiet", "verbose", "ci", "events", "pull", "lock_wait", "debug")
"""Flags besides the settings that have an environment variable too."""
OF_TESTS = ("COMPOSEROLL_BED_", "COMPOSEROLL_E2E_", "COMPOSEROLL_LONG_")
"""Prefixes of the variables that the project's own tests use."""


class Layer(Struct, frozen=True):
    """Values from one source: dotted keys (`ready.timeout`) and raw values."""

    source: str
    values: Mapping[str, object]


def layer(source: str, raw: object) -> Layer:
    """Return a layer from a nested mapping, as YAML has it.

    Raises:
        SettingsError: it is not a mapping, or has an unknown key.
    """
    return Layer(source, dict(_flatten(source, "", raw)))


def _flatten(source: str, prefix: str, raw: object) -> Iterator[tuple[str, object]]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{source}{prefix and '.' + prefix} must be a mapping, not {raw!r}")
    for name, value in raw.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if key in _GROUPS:
            yield from _flatten(source, key, value)
        elif key in SETTINGS:
            yield key, written(value) if isinstance(value, str) else value
        else:
            raise _unknown(source, key)


def _unknown(source: str, key: str) -> SettingsError:
    leaves = {known.rpartition(".")[2]: known for known in SETTINGS}
    close = get_close_matches(key, [*SETTINGS, *_GROUPS], n=1) or [
        leaves[name] for name in get_close_matches(key.rpartition(".")[2], leaves, n=1)
    ]
    known = "known keys: " + ", ".join(SETTINGS)
    return SettingsError(
        f"{source} has no key {key!r}",
        help=f"did you mean {close[0]!r}?" if close else known,
    )


def environment_name(key: str) -> str:
    """Return the variable of a dotted key: `ready.timeout` → `COMPOSEROLL_READY_TIMEOUT`."""
    return ENVIRONMENT_PREFIX + key.upper().replace(".", "_")


def flag_name(key: str) -> str:
    """Return the flag of a dotted key: `ready.timeout` → `--ready-timeout`."""
    return "--" + key.replace(".", "-").replace("_", "-")


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Return the layer that the environment's `COMPOSEROLL_` variables set.

    Raises:
        SettingsError: such a variable does not belong to any setting.
    """
    _require_names(environ)
    found = {key: environ.get(environment_name(key)) for key in SETTINGS}
    return Layer("the environment", {key: value for key, value in found.items() if value})


def placed(one: Layer, directory: Path) -> Layer:
    """Return a file's layer with its template's path relative to `directory`, as in compose."""
    template = one.values.get("template")
    if not isinstance(template, str) or not template.strip():
        return one
    return Layer(one.source, {**one.values, "template": str(directory / template)})


def _require_names(environ: Mapping[str, str]) -> None:
    known = {environment_name(key) for key in (*SETTINGS, *OF_FLAGS)}
    for name in sorted(environ):
        ours = name.startswith(ENVIRONMENT_PREFIX) and not name.startswith(OF_TESTS)
        if ours and name not in known:
            raise _no_setting(name, known)


def _no_setting(name: str, known: Collection[str]) -> SettingsError:
    tails = [one.removeprefix(ENVIRONMENT_PREFIX) for one in known]
    close = get_close_matches(name.removeprefix(ENVIRONMENT_PREFIX), tails, n=1)
    meant = f"did you mean {ENVIRONMENT_PREFIX}{close[0]}?" if close else f"unset {name}"
    return SettingsError(f"the environment has {name}, which is not a setting", help=meant)


def composes_own(source: str, raw: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Return the layers that follow from a service's own compose keys, the weakest of all."""
    return deploy_layer(source, raw.get("deploy") or {}), healthcheck_layer(source, raw)


def deploy_layer(source: str, deploy: Mapping[str, Any]) -> Layer:
    """Return the layer of compose's own `deploy.update_config`."""
    config = deploy.get("update_config") or {}
    # compose's parallelism 0 means all at once, as its specification says
    known = {
        "order": config.get("order"),
        "batch": config.get("parallelism") or None,
        "monitor": config.get("monitor"),
    }
    return Layer(f"{source}.deploy.update_config", {k: v for k, v in known.items() if v})


def healthcheck_layer(source: str, raw: Mapping[str, Any]) -> Layer:
    """Return the layer of a healthcheck whose `start_period` exceeds the default timeout."""
    period = (raw.get("healthcheck") or {}).get("start_period")
    with suppress(ValueError):
        if period and parse_duration(period) > Ready().timeout:
            return Layer(f"{source}.healthcheck", {"ready.timeout": period})
    return Layer(f"{source}.healthcheck", {})


_HEEDED = frozenset({"order", "parallelism", "monitor"})


def unheeded(deploy: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of `deploy.update_config` that composeroll ignores.

    `failure_action: rollback` is not among them: every failure is rolled back.
    """
    config = deploy.get("update_config") or {}
    own_way = {"failure_action"} if config.get("failure_action") == "rollback" else set()
    return tuple(key for key in config if config[key] and key not in _HEEDED | own_way)


def resolve(layers: Sequence[Layer]) -> Settings:
    """Return the settings from layers, the strongest first.

    Raises:
        SettingsError: a value is not valid for its key; names the source that sets it.
    """
    groups: dict[str, dict[str, Any]] = {"": {}, **{group: {} for group in _GROUPS}}
    for key in SETTINGS:
        for one in layers:
            if key in one.values:
                group, _, name = key.rpartition(".")
                groups[group][name] = _read(one, key)
                break
    made = {group: kind(**groups[group]) for group, kind in _GROUPS.items()}
    return Settings(**groups[""], **made)


def _read(one: Layer, key: str) -> object:
    try:
        return SETTINGS[key].read(one.values[key])
    except ValueError as wrong:
        raise SettingsError(f"{one.source}: {shown(one, key)} {wrong}") from None


def shown(one: Layer, key: str) -> str:
    """Return a key as its layer writes it: `port`, `COMPOSEROLL_PORT` or `--port`."""
    names = {"the environment": environment_name, COMMAND_LINE: flag_name}
    return names.get(one.source, str)(key)
