"""What the demo says: plain text without escapes, on a terminal and in a log alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bed import staging
from tests.demo.rollout import UPDATE
from tests.demo.stage import SERVICE, composeroll, shown
from tests.load import render
from tests.load.summary import table

if TYPE_CHECKING:
    from tests.demo.play import Performance

LONGEST = 58
"""Columns of a phase's name."""


def heading(text: str) -> None:
    """A new act."""
    print(f"\n=== {text}\n", flush=True)


def line(text: str) -> None:
    """One line of what goes on."""
    print(f"demo: {text}", flush=True)


def summary(performance: Performance) -> None:
    """The rollout's seconds, then what its clients noticed of it."""
    heading("What it took")
    rows = [(_cut(spent.what), f"{spent.seconds:.1f}") for spent in performance.spent]
    print("\n".join(table([("SECONDS OF THE ROLLOUT", ""), *rows])))
    heading("What the clients saw")
    print(render(performance.result, "began", "ended", "steady"), end="", flush=True)
    if performance.exit_code:
        line(f"the rollout did not go through: composeroll ended with {performance.exit_code}")


def what_next() -> None:
    """Where to look, how to do it again, how to be rid of it."""
    heading("The stack stays up")
    print(f"""\
look      {staging.SITE}/ in a browser, and reload: image, code and container that answered
          {shown(composeroll())} status -f {UPDATE[2]}
again     make demo, or by hand, with no load:
          python3 -m tests.bed bump {SERVICE}
          {shown(composeroll())} {" ".join(UPDATE)}
remove    make demo-down""")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
