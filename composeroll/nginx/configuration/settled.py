"""The values of variables that a location itself sets, whatever they were before. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, takewhile

from composeroll.nginx.configuration.syntax import Directive, walk

_ENDS_REWRITING = frozenset({"rewrite", "break"})
"""nginx may skip the directives after one of these."""


def settled(parents: Sequence[Directive]) -> dict[str, str]:
    """Return the values of variables at a pass that the innermost location around it determines.

    Excluded are variables that may be set again, variables that occur in their own value or in an
    earlier one, and everything after a `rewrite` or a `break`.

    Args:
        parents: the blocks around the pass, outermost first.
    """
    around = next(dropwhile(lambda block: block.name == "if", reversed(parents)), None)
    if around is None or around.name != "location":
        return {}
    lines = around.block or ()
    certain = tuple(takewhile(_stays_certain, lines))
    sets = [line for line in certain if is_set(line)]
    doubtful = {line.args[0] for line, _ in walk(lines[len(certain) :]) if is_set(line)}
    doubtful |= set(_used_before_set(sets))
    return {line.args[0]: line.args[1] for line in sets if line.args[0] not in doubtful}


def is_set(directive: Directive) -> bool:
    """Return whether a directive gives a variable a value."""
    return directive.name == "set" and len(directive.args) > 1


def variable_pattern(name: str) -> re.Pattern[str]:
    """Return a pattern for `$up` or `${up}`, but not for the beginning of `$upstream_name`."""
    word = re.escape(name.removeprefix("$"))
    return re.compile(rf"\$(?:{word}(?!\w)|\{{{word}\}})", re.ASCII)


def _stays_certain(line: Directive) -> bool:
    """Return whether the values of variables stay certain after a line.

    An `if` that sets nothing either ends the request, or changes nothing.
    """
    inside = walk(line.block or ()) if line.name == "if" else ()
    return not (
        line.name in _ENDS_REWRITING
        or any(d.name in _ENDS_REWRITING or is_set(d) for d, _ in inside)
    )


def _used_before_set(sets: Sequence[Directive]) -> Iterator[str]:
    for number, line in enumerate(sets):
        for later in sets[number:]:
            if variable_pattern(later.args[0]).search(line.args[1]):
                yield later.args[0]
