"""The value of a directive that applies in a block: the innermost one, as nginx merges them."""

from __future__ import annotations

from composeroll.nginx.configuration.durations import seconds
from composeroll.nginx.configuration.syntax import Directive


def inherited_seconds(name: str, parents: tuple[Directive, ...], default: float) -> float:
    """Return the seconds that apply inside `parents`, which are in order from the outermost.

    A time that cannot be parsed counts as infinite.
    """
    for block in reversed(parents):
        for directive in block.block or ():
            if directive.name == name and directive.args:
                value = seconds(directive.args[0])
                return float("inf") if value is None else value
    return default
