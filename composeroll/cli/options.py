"""Flags that verbs share: compose's own, those of the output, and one for every setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from composeroll.config.durations import parse_duration
from composeroll.config.flags import ComposeFlags
from composeroll.config.layers import COMMAND_LINE, Layer, environment_name, flag_name
from composeroll.config.values import SETTINGS

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

_COMPOSE: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("-f", "--file"), {"multiple": True, "metavar": "FILE", "help": "Compose file; repeatable."}),
    (("-p", "--project-name"), {"metavar": "NAME", "help": "Project name."}),
    (("--profile",), {"multiple": True, "metavar": "NAME", "help": "Profile; repeatable."}),
    (("--env-file",), {"multiple": True, "metavar": "FILE", "help": "Environment file."}),
    (("--project-directory",), {"metavar": "PATH", "help": "Working directory of the project."}),
    (("-c", "--context"), {"metavar": "NAME", "help": "Docker context."}),
    (("-H", "--host"), {"metavar": "URL", "help": "Docker engine, for example ssh://deploy@host."}),
)


class DurationType(click.ParamType[float]):
    """A duration as compose writes it, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds of `10s`, `1m30s` or a bare number."""
        try:
            return parse_duration(value)
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


def stacked(*options: Decorator[Any]) -> Decorator[Any]:
    """Several decorators as one, shown by `--help` in this order."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


compose_options = stacked(*(click.option(*names, **how) for names, how in _COMPOSE))
"""Compose's global flags, taken before and after the verb."""


def from_environment(name: str) -> str:
    """The environment's name of a flag that is no setting: `json` → `COMPOSEROLL_JSON`."""
    return environment_name(name)


output_options = stacked(
    click.option(
        "--json",
        is_flag=True,
        envvar=from_environment("json"),
        help="One event per line on stdout.",
    ),
    click.option(
        "-q", "--quiet", is_flag=True, envvar=from_environment("quiet"), help="Only what is wrong."
    ),
    click.option(
        "-v", "--verbose", is_flag=True, envvar=from_environment("verbose"), help="Details too."
    ),
    click.option(
        "--ci",
        type=click.Choice(["gitlab", "github", "plain"]),
        envvar=from_environment("ci"),
        help="Write the log for a CI, folded by phase.",
    ),
    click.option(
        "--events",
        metavar="FILE",
        envvar=from_environment("events"),
        help="Append the events to FILE too, one per line, as --json prints them.",
    ),
    click.option("--record", metavar="FILE", help="Draw the run as an SVG into FILE."),
)
"""How a rollout is shown."""


pull_option = click.option(
    "--pull",
    type=click.Choice(["always", "missing", "never"]),
    default="always",
    envvar=from_environment("pull"),
    show_default=True,
    help="When to pull the image.",
)


_SWITCHES = {"drain.detach": "--detach-drain"}
"""Settings that are true or false: their flags, which take no value."""


def _setting_option(key: str) -> Decorator[Any]:
    flag = flag_name(key)
    help_ = f"{SETTINGS[key].help[0].upper()}{SETTINGS[key].help[1:]}."
    if key in _SWITCHES:
        name = _SWITCHES[key]
        return click.option(_parameter(key), name, flag, flag_value="true", help=help_)
    short = ("--settle",) if key == "ready.settle" else ()
    return click.option(_parameter(key), *short, flag, metavar="VALUE", help=help_)


def _parameter(key: str) -> str:
    return "setting_" + key.replace(".", "_")


setting_options = stacked(*(_setting_option(key) for key in SETTINGS))
"""One flag for every setting."""


rolling_options = stacked(
    click.option(
        "--lock-wait",
        type=DurationType(),
        default=0.0,
        metavar="TIME",
        envvar=from_environment("lock_wait"),
        help="Wait for another rollout of the same services, for example 2m.",
    ),
    setting_options,
    output_options,
    compose_options,
)
"""Flags of every verb that rolls."""


def take_settings(options: dict[str, Any]) -> Layer:
    """Take the settings' flags out of a command's options, as the strongest layer."""
    given = {key: options.pop(_parameter(key), None) for key in SETTINGS}
    return Layer(COMMAND_LINE, {key: text for key, text in given.items() if text is not None})


def take_compose_flags(context: click.Context, options: dict[str, Any]) -> ComposeFlags:
    """Take compose's flags out of the options, together with those before the verb."""
    before = tuple(_params_above(context))

    def many(name: str) -> tuple[str, ...]:
        earlier = (value for params in reversed(before) for value in params.get(name, ()))
        return (*earlier, *options.pop(name))

    def one(name: str) -> str | None:
        return options.pop(name) or next((p[name] for p in before if p.get(name)), None)

    return ComposeFlags(
        files=many("file"),
        project_name=one("project_name"),
        profiles=many("profile"),
        env_files=many("env_file"),
        project_directory=one("project_directory"),
        context=one("context"),
        host=one("host"),
    )


def _params_above(context: click.Context) -> Iterator[dict[str, Any]]:
    """What was given before the verb, and before that: the nearest first."""
    while context.parent:
        context = context.parent
        yield context.params
