"""Which of several sources wins."""

from __future__ import annotations

from itertools import combinations

import click
import pytest

from composeroll.cli.main import composeroll
from composeroll.config.layers import (
    COMMAND_LINE,
    OF_FLAGS,
    OF_TESTS,
    Layer,
    deploy_layer,
    environment_layer,
    environment_name,
    layer,
    resolve,
)
from composeroll.config.project import read_project
from composeroll.config.settings import Batch, Order, Settings
from composeroll.config.values import SETTINGS
from composeroll.errors import SettingsError

STRONGEST_FIRST = ("flag", "environment", "service", "top-level", "deploy")
SECONDS = {name: 10.0 + place for place, name in enumerate(STRONGEST_FIRST)}


def monitor(sources: tuple[str, ...]) -> float:
    """`monitor` of a service, set differently in each of these sources."""

    def says(name: str) -> dict[str, str]:
        return {"monitor": f"{SECONDS[name]}s"} if name in sources else {}

    environ = {f"COMPOSEROLL_{k.upper()}": v for k, v in says("environment").items()}
    model = {
        "name": "shop",
        "x-composeroll": says("top-level"),
        "services": {
            "app": {"x-composeroll": says("service"), "deploy": {"update_config": says("deploy")}}
        },
    }
    strongest = [layer("the command line", says("flag")), environment_layer(environ)]
    return read_project(model, strongest).services["app"].settings.monitor


@pytest.mark.parametrize("both", list(combinations(STRONGEST_FIRST, 2)))
def test_the_stronger_of_two_sources_wins(both: tuple[str, str]) -> None:
    assert monitor(both) == SECONDS[both[0]]


@pytest.mark.parametrize("source", STRONGEST_FIRST)
def test_each_source_is_heard_where_no_other_speaks(source: str) -> None:
    assert monitor((source,)) == SECONDS[source]


def test_where_nobody_speaks_the_default_holds() -> None:
    assert monitor(()) == Settings().monitor


def test_sources_are_merged_key_by_key() -> None:
    settings = resolve(
        [
            layer("service", {"ready": {"path": "/ping"}}),
            layer("top", {"ready": {"timeout": "5s"}, "batch": 1}),
        ]
    )
    assert (settings.ready.path, settings.ready.timeout) == ("/ping", 5.0)
    assert settings.batch == Batch(count=1)


def test_composes_own_update_config_is_honoured() -> None:
    config = {"order": "stop-first", "parallelism": 2, "monitor": "5s", "failure_action": "pause"}
    settings = resolve([deploy_layer("services.app", {"update_config": config})])
    assert settings == Settings(order=Order.STOP_FIRST, batch=Batch(count=2), monitor=5.0)


def test_parallelism_0_means_all_at_once() -> None:
    raw = {"update_config": {"parallelism": 0}}
    assert resolve([deploy_layer("services.app", raw)]).batch == Batch()


def test_a_variable_of_ours_that_means_nothing_is_an_error_that_names_the_closest() -> None:
    with pytest.raises(SettingsError, match="COMPOSEROLL_DRIAN_TIMEOUT, which is no") as wrong:
        environment_layer({"COMPOSEROLL_DRIAN_TIMEOUT": "3s"})
    assert wrong.value.help == "did you mean COMPOSEROLL_DRAIN_TIMEOUT?"
    with pytest.raises(SettingsError) as wrong:
        environment_layer({"COMPOSEROLL_XYZZY": ""})
    assert wrong.value.help == "unset COMPOSEROLL_XYZZY"


def test_flags_and_the_tests_have_variables_that_are_no_settings() -> None:
    flags = {environment_name(name): "1" for name in OF_FLAGS}
    tests = {f"{prefix}X": "1" for prefix in OF_TESTS}
    assert not environment_layer({**flags, **tests, "_COMPOSEROLL_COMPLETE": "1"}).values


def test_every_variable_that_a_flag_reads_is_known() -> None:
    assert isinstance(composeroll, click.Group)
    context = click.Context(composeroll)
    names = composeroll.list_commands(context)
    verbs = filter(None, (composeroll.get_command(context, name) for name in names))
    read = {p.envvar for verb in verbs for p in verb.params if isinstance(p.envvar, str)}
    assert read
    assert read <= {environment_name(name) for name in OF_FLAGS}


def test_an_empty_variable_says_nothing() -> None:
    assert not environment_layer({"COMPOSEROLL_PORT": "", "PORT": "9"}).values


def test_a_wrong_value_is_told_by_the_name_it_was_given_under() -> None:
    environment = environment_layer({"COMPOSEROLL_DRAIN_TIMEOUT": "soon"})
    flag = Layer(COMMAND_LINE, {"drain.timeout": "soon"})
    said = {"the environment: COMPOSEROLL_DRAIN_TIMEOUT": environment, "--drain-timeout": flag}
    for name, one in said.items():
        with pytest.raises(SettingsError, match=f"{name} must be"):
            resolve([one])


def test_no_help_begins_with_a_value_which_would_be_shown_with_a_capital() -> None:
    values = ("http", "start-first", "stop-first", "nginx", "all")
    assert not [s.help for s in SETTINGS.values() if s.help.startswith(values)]
