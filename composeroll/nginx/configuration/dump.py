"""Split the output of `nginx -T` into files, and match paths with `include` patterns."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_HEAD = "# configuration file "


def split_dump(text: str) -> dict[str, str]:
    """Return each file's exact text by its folded path, the main file first.

    nginx prints `# configuration file PATH:`, the file, and one additional newline. It prints each
    path once (ngx_show_configuration in nginx.c), so a second header with the same path is content.
    If a path is spelled in two ways, nginx prints the file twice.
    """
    printed: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        path = _headed(line)
        if path and path not in printed:
            lines = printed[path] = []
        else:
            lines.append(line)
    files: dict[str, str] = {}
    for path, lines in printed.items():
        files.setdefault(folded(path), "\n".join(lines))
    return files


def folded(path: str) -> str:
    """Return a path, or a pattern, without redundant parts: `./` and doubled slashes.

    nginx prints paths as an `include` spells them. `..` stays: after a symbolic link it is not the
    parent in the path.
    """
    names = "/".join(name for name in path.split("/") if name not in ("", "."))
    return f"/{names}" if path.startswith("/") else names


def full_pattern(argument: str, main: str) -> str:
    """Return an `include`'s pattern as an absolute path, from the main file's directory."""
    return folded(str(PurePosixPath(main).parent / argument))


def covers(pattern: str, path: str) -> bool:
    """Return whether an `include` of `pattern` reads `path`; both are folded.

    As in glob(3), `*` does not match a `/`, nor a leading dot.
    """
    names, globs = path.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(map(_name_matches, names, globs))


def _headed(line: str) -> str:
    return line[len(_HEAD) : -1] if line.startswith(_HEAD) and line.endswith(":") else ""


def _name_matches(name: str, glob: str) -> bool:
    if name.startswith(".") and not glob.startswith("."):
        return False
    return name == glob or fnmatchcase(name, glob)
