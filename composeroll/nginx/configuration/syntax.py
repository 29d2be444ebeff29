"""nginx's configuration language as directives, parsed by crossplane, with includes expanded."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from composeroll.nginx.configuration.dump import covers, full_pattern

COMMENT = "#"

_TABLES = frozenset({"map", "geo", "split_clients", "types", "charset_map"})
"""Blocks of data: their lines are not directives, except `include`."""

_BRACED_AT_END = re.compile(r"\$\{(\w+)\}(?=\s)", re.ASCII)
"""`${name}` at the end of a word. crossplane 0.5.8 takes the space after it, and the next word, for
a part of the same word; `$name` means the same to nginx."""


class Place(Struct, frozen=True):
    """The file and line of a directive."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Directive(Struct, frozen=True):
    """One directive; a comment is a directive named `#` whose one argument is its text.

    Attributes:
        args: the arguments, without their quotes.
        block: the directives between its braces, None if it has no braces.
    """

    name: str
    args: tuple[str, ...]
    place: Place
    block: tuple[Directive, ...] | None = None

    def __str__(self) -> str:
        import crossplane  # noqa: PLC0415 - slow to import: as below

        text: str = crossplane.build([_payload(self)], indent=4)
        return text.removesuffix(";")


class Unreadable(ValueError):
    """crossplane could not parse a file that nginx accepted; the message names the line."""


def parse_text(text: str, file: str) -> tuple[Directive, ...]:
    """Return the directives of one file, without following includes.

    Raises:
        Unreadable: crossplane cannot parse it.
    """
    # crossplane parses only files on disk.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as copy:
        copy.write(_BRACED_AT_END.sub(r"$\1", text).removesuffix("\n") + "\n")
        copy.flush()
        parsed = _crossplane(copy.name)
    if parsed["errors"]:
        error = parsed["errors"][0]
        line, why = error["line"], error["error"]
        raise Unreadable(f"{file}:{line}: {why.removesuffix(f' in {copy.name}:{line}')}")
    return tuple(_directives(parsed["parsed"], file))


def expand(
    directives: tuple[Directive, ...],
    parsed: Mapping[str, tuple[Directive, ...]],
    main: str,
) -> tuple[Directive, ...]:
    """Return the directives with each `include` replaced by those of its files, in glob(3)'s order.

    Args:
        directives: the directives of one file or one block.
        parsed: the directives of every file of the dump, by path.
        main: the main file's path.
    """
    expanded: list[Directive] = []
    for directive in directives:
        if directive.name == "include" and directive.args:
            pattern = full_pattern(directive.args[0], main)
            for path in sorted(path for path in parsed if covers(pattern, path)):
                expanded += expand(parsed[path], parsed, main)
        elif directive.block is not None:
            expanded.append(replace(directive, block=expand(directive.block, parsed, main)))
        else:
            expanded.append(directive)
    return tuple(expanded)


Inside = tuple[Directive, tuple[Directive, ...]]
"""A directive and the blocks around it, outermost first."""

Tree = tuple[Inside, ...]
"""All directives of a configuration, in order."""


def walk(
    directives: tuple[Directive, ...], parents: tuple[Directive, ...] = ()
) -> Iterator[Inside]:
    """Yield every directive with the blocks around it, outermost first."""
    for directive in directives:
        yield directive, parents
        inside = directive.block or ()
        if directive.name in _TABLES:
            inside = tuple(line for line in inside if line.name == "include")
        yield from walk(inside, (*parents, directive))


def _crossplane(path: str) -> dict[str, Any]:
    import crossplane  # noqa: PLC0415 - slow to import: only a survey needs it

    payload = crossplane.parse(
        path, single=True, comments=True, strict=False, check_ctx=False, check_args=False
    )
    config: dict[str, Any] = payload["config"][0]
    return config


def _directives(statements: list[dict[str, Any]], file: str) -> Iterator[Directive]:
    for statement in statements:
        comment = statement.get("comment")
        args = statement["args"] if comment is None else [comment.strip()]
        block = statement.get("block")
        yield Directive(
            statement["directive"],
            tuple(args),
            Place(file, statement["line"]),
            None if block is None else tuple(_directives(block, file)),
        )


def _payload(directive: Directive) -> dict[str, Any]:
    payload: dict[str, Any] = {"directive": directive.name, "args": list(directive.args), "line": 1}
    if directive.name == COMMENT:
        payload |= {"args": [], "comment": f" {directive.args[0]}"}
    if directive.block is not None:
        payload["block"] = [_payload(inner) for inner in directive.block]
    return payload
