"""Which files compose reads, and what it heeds in the environment while it does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DEFAULT_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names compose looks for, in its own order (compose-go, `cli.DefaultFileNames`)."""

OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What it reads after the file it found, at most one of them (`cli.DefaultOverrideFileNames`)."""


def compose_files(
    given: Sequence[str], environ: Mapping[str, str], env_files: Sequence[Path], start: Path
) -> tuple[Path, ...]:
    """The files compose would read: `-f`, else `COMPOSE_FILE`, else from `start` upwards.

    Where the environment does not have `COMPOSE_FILE`, the last of `env_files` that has it says.
    """
    if given:
        return tuple(map(Path, given))
    if listed := _variable("COMPOSE_FILE", environ, env_files):
        separator = _variable("COMPOSE_PATH_SEPARATOR", environ, env_files) or os.pathsep
        return tuple(Path(name) for name in listed.split(separator))
    folders = (folder for folder in (start, *start.parents) if _first(folder, DEFAULT_FILES))
    folder = next(folders, None)
    if folder is None:
        return ()
    return (*_first(folder, DEFAULT_FILES), *_first(folder, OVERRIDES))


def _first(folder: Path, names: Iterable[str]) -> tuple[Path, ...]:
    found = (folder / name for name in names)
    return tuple(path for path in found if path.is_file())[:1]


def project_directory(given: str | None, files: Sequence[Path]) -> Path:
    """From where relative paths of the files count: `--project-directory`, else the first file's.

    Without any file it is the working directory.
    """
    if given:
        return Path(given).absolute()
    return files[0].absolute().parent if files else Path.cwd()


def name_separator(environ: Mapping[str, str], env_files: Iterable[Path]) -> str:
    """What compose writes between the parts of a name that it makes: `shop-app`, or `shop_app`."""
    old = _variable("COMPOSE_COMPATIBILITY", environ, env_files)
    return "_" if old.lower() in {"1", "t", "true"} else "-"


def _variable(name: str, environ: Mapping[str, str], env_files: Iterable[Path]) -> str:
    """What the environment says, else the last of the files that has it; empty where none does."""
    if name in environ:
        return environ[name]
    line = re.compile(rf"""^\s*(?:export\s+)?{name}\s*=\s*["']?([^"'#\n]*)""", re.MULTILINE)
    found = [text.strip() for path in env_files for text in line.findall(_text(path))]
    return found[-1] if found else ""


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
