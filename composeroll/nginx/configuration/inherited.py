"""Which value of a directive holds in a block: the innermost one, as nginx merges them."""

from __future__ import annotations

from composeroll.nginx.configuration.durations import seconds
from composeroll.nginx.configuration.syntax import Directive


def inherited_seconds(name: str, parents: tuple[Directive, ...], default: float) -> float:
    """The time that holds inside these blocks, outermost first; one that cannot be read is long."""
    for block in reversed(parents):
        for directive in block.block or ():
            if directive.name == name and directive.args:
                value = seconds(directive.args[0])
                return float("inf") if value is None else value
    return default
