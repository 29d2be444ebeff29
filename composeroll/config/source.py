"""Find a key's line in the user's own files; `docker compose config` does not print lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml


def locate(files: Iterable[Path], keys: Sequence[str]) -> str:
    """Return `file:line` of a nested key in the last file that has it, else the dotted keys."""
    for path in reversed(list(files)):
        line = _line(path, keys)
        if line:
            return f"{path}:{line}"
    return ".".join(keys)


def _line(path: Path, keys: Sequence[str]) -> int | None:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line = None
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        pair = next((pair for pair in node.value if pair[0].value == key), None)
        if pair is None:
            return None
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line
