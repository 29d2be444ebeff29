"""What is said of flags that stand in a wrong place, or have a wrong value."""

from __future__ import annotations

import click
import pytest

from composeroll.cli.main import composeroll
from composeroll.cli.options import compose_options, take_compose_flags


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--json", "update"], "as in `composeroll update --json`;"),
        (["--json", "check"], "as in `composeroll check --json`;"),
        (["--to", "3", "rollback", "app"], "as in `composeroll rollback --to`;"),
        (["--profil", "x", "update"], "No such option '--profil'"),
        (["rollback", "app", "--to", "x"], "'x' is not a valid revision number"),
        (["lock", "status", "--json"], "No such option"),
    ],
)
def test_a_wrong_flag_is_told_in_words_that_help(words: list[str], says: str) -> None:
    with pytest.raises(click.UsageError) as error:
        composeroll.main(words, prog_name="composeroll", standalone_mode=False)
    assert says in error.value.format_message()


@pytest.mark.parametrize(
    "words",
    [
        ["-f", "a.yml", "-f", "b.yml", "-p", "shop", "of", "verb"],
        ["-f", "a.yml", "-p", "other", "of", "-f", "b.yml", "-p", "shop", "verb"],
        ["-p", "other", "of", "-f", "a.yml", "verb", "-f", "b.yml", "-p", "shop"],
    ],
)
def test_composes_flags_stand_before_each_word_of_a_verb_and_the_last_one_wins(
    words: list[str],
) -> None:
    @click.group()
    @compose_options
    def root(**_: object) -> None: ...

    @root.group()
    @compose_options
    def of(**_: object) -> None: ...

    @of.command()
    @compose_options
    @click.pass_context
    def verb(context: click.Context, /, **options: object) -> object:
        return take_compose_flags(context, options)

    found = root.main(words, standalone_mode=False)
    assert (found.files, found.project_name) == (("a.yml", "b.yml"), "shop")
