"""Where something stands in the user's own files: `docker compose config` forgets the lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

DEFAULT_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The names compose looks for, in its own order (compose-go, `cli.DefaultFileNames`)."""


def compose_files(given: Sequence[str], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files compose would read: `-f`, else `COMPOSE_FILE`, else the default names upwards."""
    if given:
        return tuple(Path(name) for name in given if name != "-")
    if listed := environ.get("COMPOSE_FILE"):
        separator = environ.get("COMPOSE_PATH_SEPARATOR", ":")
        return tuple(Path(name) for name in listed.split(separator))
    here = Path.cwd()
    found = (folder / name for folder in (here, *here.parents) for name in DEFAULT_FILES)
    return tuple(path for path in found if path.is_file())[:1]


def project_directory(given: str | None, files: Sequence[Path]) -> Path:
    """From where relative paths of the files count: `--project-directory`, else the first file's.

    For a file that is no file (`-f -`) it is the working directory.
    """
    if given:
        return Path(given).absolute()
    return files[0].absolute().parent if files else Path.cwd()


def active_profiles(
    given: Sequence[str], environ: Mapping[str, str], env_files: Iterable[Path]
) -> tuple[str, ...]:
    """The profiles compose would take: `--profile`, else `COMPOSE_PROFILES`.

    Where the environment does not have it at all, the last of the files that has it says.
    """
    listed = environ.get("COMPOSE_PROFILES")
    if listed is None:
        found = (text for path in env_files for text in _PROFILES.findall(_text(path)))
        listed = next(reversed(list(found)), "")
    return tuple(given) or tuple(filter(None, map(str.strip, listed.split(","))))


_PROFILES = re.compile(
    r"""^\s*(?:export\s+)?COMPOSE_PROFILES\s*=\s*["']?([^"'#\n]*)""", re.MULTILINE
)


def env_files(
    given: Sequence[str], environ: Mapping[str, str], directory: Path
) -> tuple[Path, ...]:
    """The environment files compose would read: `--env-file`, `COMPOSE_ENV_FILES` or `.env`."""
    listed = environ.get("COMPOSE_ENV_FILES")
    named = tuple(given) or tuple(listed.split(",") if listed else ())
    return tuple(map(Path, named)) or (directory / ".env",)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def locate(files: Iterable[Path], keys: Sequence[str]) -> str:
    """`file:line` of a nested key, from the last file that has it; the dotted keys if none has."""
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
