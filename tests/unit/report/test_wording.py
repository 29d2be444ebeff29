"""Foreign text, as containers and compose write it for terminals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.report.wording import clean_text, fix_text


@pytest.mark.parametrize(
    "escape",
    [
        "\x1b[1;31m",
        "\x1b[?25l",
        "\x1b(B",
        "\x1b(B\x1b[m",
        "\x1b%G",
        "\x1b7",
        "\x1b8",
        "\x1bc",
        "\x1b=",
        "\x1b]0;a title\x07",
        "\x1b]8;;https://example.org\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1bPtmux;\x1b\x1b]0;a title\x07\x1b\\",
        "\x1b_Gf=100;AAAA\x1b\\",
        "\x1b^private\x1b\\",
    ],
)
def test_an_escape_leaves_nothing_of_itself(escape: str) -> None:
    assert clean_text(f"before{escape}after {escape}") == "beforeafter "


def test_a_string_that_never_ends_hides_no_other_line() -> None:
    assert clean_text("\x1bPhalf\nthe error\n\x1b\\more") == "half\nthe error\nmore"


def test_a_death_is_not_put_down_to_the_image_alone() -> None:
    """The same image died of less memory, and of another variable, and was to be mended."""
    assert "or its service in the compose file" in fix_text("app", "sha256:0123456789abcdef")


@given(st.text(st.sampled_from("\x1b[](B\\P0;m\x07a\n"), max_size=30))
def test_no_escape_ever_stays(text: str) -> None:
    assert "\x1b" not in clean_text(text)
