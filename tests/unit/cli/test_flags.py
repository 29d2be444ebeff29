"""What is said of flags that stand in a wrong place, or have a wrong value."""

from __future__ import annotations

import click
import pytest

from composeroll.cli.main import composeroll


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--json", "update"], "such as `composeroll update --json`;"),
        (["--json", "check"], "such as `composeroll check --json`;"),
        (["--to", "3", "rollback", "app"], "such as `composeroll rollback --to`;"),
        (["--profil", "x", "update"], "No such option '--profil'"),
        (["rollback", "app", "--to", "x"], "'x' is not a valid revision number"),
        (["lock", "status", "--json"], "No such option"),
    ],
)
def test_a_wrong_flag_is_told_in_words_that_help(words: list[str], says: str) -> None:
    with pytest.raises(click.UsageError) as error:
        composeroll.main(words, prog_name="composeroll", standalone_mode=False)
    assert says in error.value.format_message()
