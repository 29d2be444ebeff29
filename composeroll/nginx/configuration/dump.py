"""What `nginx -T` prints, taken apart into the files it was read from."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_HEAD = "# configuration file "


def split_dump(text: str) -> dict[str, str]:
    """Each file's exact text by its folded path, the main file first.

    nginx prints `# configuration file PATH:`, the file, and one newline of its own; it prints each
    path once (ngx_show_configuration in nginx.c), so a second head of the same path is content. A
    file whose path is spelled in two ways it prints twice.
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
    """A path, or a pattern of one, without what means nothing in it: `./` and doubled slashes.

    nginx keeps them as an include spells them. `..` stays: behind a link it leads elsewhere.
    """
    names = "/".join(name for name in path.split("/") if name not in ("", "."))
    return f"/{names}" if path.startswith("/") else names


def full_pattern(argument: str, main: str) -> str:
    """What an `include` of `argument` reads: a relative one counts from the main file's folder."""
    return folded(str(PurePosixPath(main).parent / argument))


def covers(pattern: str, path: str) -> bool:
    """Whether an `include` of `pattern` reads `path`, both folded.

    As in glob(3), `*` does not cross a `/`.
    """
    names, globs = path.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(map(_name_matches, names, globs))


def _headed(line: str) -> str:
    return line[len(_HEAD) : -1] if line.startswith(_HEAD) and line.endswith(":") else ""


def _name_matches(name: str, glob: str) -> bool:
    if name.startswith(".") and not glob.startswith("."):
        return False
    return name == glob or fnmatchcase(name, glob)
