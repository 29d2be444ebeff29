"""Settings from layers: a flag beats the environment, which beats the compose file.

Within the file a service's `x-composeroll` beats the top-level one, which beats what compose's own
`deploy.update_config` and `healthcheck` say.
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
"""What the environment may say besides the settings."""
OF_TESTS = ("COMPOSEROLL_BED_", "COMPOSEROLL_E2E_", "COMPOSEROLL_LONG_")
"""How the variables of the project's own tests begin."""


class Layer(Struct, frozen=True):
    """Values from one source: dotted keys (`ready.timeout`) and raw values."""

    source: str
    values: Mapping[str, object]


def layer(source: str, raw: object) -> Layer:
    """A layer from a nested mapping as it stands in YAML.

    Raises:
        SettingsError: it is no mapping, or holds a key that does not exist.
    """
    return Layer(source, dict(_flatten(source, "", raw)))


def _flatten(source: str, prefix: str, raw: object) -> Iterator[tuple[str, object]]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{source}{prefix and '.' + prefix} wants a mapping, not {raw!r}")
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
    """The environment variable of a dotted key: `ready.timeout` → `COMPOSEROLL_READY_TIMEOUT`."""
    return ENVIRONMENT_PREFIX + key.upper().replace(".", "_")


def flag_name(key: str) -> str:
    """The flag of a dotted key: `ready.timeout` → `--ready-timeout`."""
    return "--" + key.replace(".", "-").replace("_", "-")


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """What the environment sets, by the names that follow from the keys.

    Raises:
        SettingsError: a variable of ours that means nothing.
    """
    _insist_on_names(environ)
    found = {key: environ.get(environment_name(key)) for key in SETTINGS}
    return Layer("the environment", {key: value for key, value in found.items() if value})


def placed(one: Layer, directory: Path) -> Layer:
    """The same layer of a file, whose relative paths count from `directory`, as in compose."""
    template = one.values.get("template")
    if not isinstance(template, str) or not template.strip():
        return one
    return Layer(one.source, {**one.values, "template": str(directory / template)})


def _insist_on_names(environ: Mapping[str, str]) -> None:
    known = {environment_name(key) for key in (*SETTINGS, *OF_FLAGS)}
    for name in sorted(environ):
        ours = name.startswith(ENVIRONMENT_PREFIX) and not name.startswith(OF_TESTS)
        if ours and name not in known:
            raise _no_setting(name, known)


def _no_setting(name: str, known: Collection[str]) -> SettingsError:
    tails = [one.removeprefix(ENVIRONMENT_PREFIX) for one in known]
    close = get_close_matches(name.removeprefix(ENVIRONMENT_PREFIX), tails, n=1)
    meant = f"did you mean {ENVIRONMENT_PREFIX}{close[0]}?" if close else f"unset {name}"
    return SettingsError(f"the environment has {name}, which is no setting", help=meant)


def composes_own(source: str, raw: Mapping[str, Any]) -> tuple[Layer, ...]:
    """What a service says to compose itself, as defaults of ours."""
    return deploy_layer(source, raw.get("deploy") or {}), healthcheck_layer(source, raw)


def deploy_layer(source: str, deploy: Mapping[str, Any]) -> Layer:
    """Compose's own `deploy.update_config` as defaults of ours."""
    config = deploy.get("update_config") or {}
    # compose's parallelism 0 means all at once, as its specification says
    known = {
        "order": config.get("order"),
        "batch": config.get("parallelism") or None,
        "monitor": config.get("monitor"),
    }
    return Layer(f"{source}.deploy.update_config", {k: v for k, v in known.items() if v})


def healthcheck_layer(source: str, raw: Mapping[str, Any]) -> Layer:
    """How long a start may take, where a service's healthcheck allows it more than we do."""
    period = (raw.get("healthcheck") or {}).get("start_period")
    with suppress(ValueError):
        if period and parse_duration(period) > Ready().timeout:
            return Layer(f"{source}.healthcheck", {"ready.timeout": period})
    return Layer(f"{source}.healthcheck", {})


_HEEDED = frozenset({"order", "parallelism", "monitor"})


def unheeded(deploy: Mapping[str, Any]) -> tuple[str, ...]:
    """What `deploy.update_config` says that no rollout follows; every failure is rolled back."""
    config = deploy.get("update_config") or {}
    own_way = {"failure_action"} if config.get("failure_action") == "rollback" else set()
    return tuple(key for key in config if config[key] and key not in _HEEDED | own_way)


def resolve(layers: Sequence[Layer]) -> Settings:
    """Settings from layers, the strongest first.

    Raises:
        SettingsError: a value that its key cannot take, with the source that holds it.
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
    """A key as its layer writes it: `ready.port`, `COMPOSEROLL_READY_PORT`, `--ready-port`."""
    names = {"the environment": environment_name, COMMAND_LINE: flag_name}
    return names.get(one.source, str)(key)
