"""Which files compose reads, and which environment variables it follows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DEFAULT_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The file names that compose looks for, in its order (compose-go, `cli.DefaultFileNames`)."""

OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""The first of these that exists is read after that file (`cli.DefaultOverrideFileNames`)."""


def compose_files(
    given: Sequence[str], environ: Mapping[str, str], env_files: Sequence[Path], start: Path
) -> tuple[Path, ...]:
    """Return the files compose would read: `-f`, else `COMPOSE_FILE`, else from `start` upwards.

    If the environment does not have `COMPOSE_FILE`, the last of `env_files` that has it counts.
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
    """Return the directory that relative paths start from.

    It is `--project-directory`, else the first file's directory, else the working directory.
    """
    if given:
        return Path(given).absolute()
    return files[0].absolute().parent if files else Path.cwd()


def name_separator(environ: Mapping[str, str], env_files: Iterable[Path]) -> str:
    """Return what separates the parts of names that compose makes: `shop-app` or `shop_app`."""
    old = _variable("COMPOSE_COMPATIBILITY", environ, env_files)
    return "_" if old.lower() in {"1", "t", "true"} else "-"


def _variable(name: str, environ: Mapping[str, str], env_files: Iterable[Path]) -> str:
    """Return a variable from the environment, else from the last file that sets it, else empty."""
    if name in environ:
        return environ[name]
    line = re.compile(rf"""^\s*(?:export\s+)?{name}\s*=\s*["']?([^"'#\n]*)""", re.MULTILINE)
    found = [text.strip() for path in env_files for text in line.findall(_text(path))]
    return found[-1] if found else ""


def env_files(
    given: Sequence[str], environ: Mapping[str, str], directory: Path
) -> tuple[Path, ...]:
    """Return the files of variables compose reads: `--env-file`, `COMPOSE_ENV_FILES` or `.env`."""
    listed = environ.get("COMPOSE_ENV_FILES")
    named = tuple(given) or tuple(listed.split(",") if listed else ())
    return tuple(map(Path, named)) or (directory / ".env",)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
