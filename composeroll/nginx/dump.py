"""What `nginx -T` prints, taken apart into the files it was read from."""

from __future__ import annotations

from fnmatch import fnmatchcase

_HEAD = "# configuration file "


def split_dump(text: str) -> dict[str, str]:
    """Each file's exact text by its path, the main file first.

    nginx prints `# configuration file PATH:`, the file, and one newline of its own; it prints each
    file once (ngx_show_configuration in nginx.c), so a second head of the same path is content.
    """
    files: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        path = _headed(line)
        if path and path not in files:
            lines = files[path] = []
        else:
            lines.append(line)
    return {path: "\n".join(lines) for path, lines in files.items()}


def covers(pattern: str, path: str) -> bool:
    """Whether an `include` of `pattern` reads `path`; as in glob(3), `*` does not cross a `/`."""
    names, globs = path.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(map(_name_matches, names, globs))


def _headed(line: str) -> str:
    return line[len(_HEAD) : -1] if line.startswith(_HEAD) and line.endswith(":") else ""


def _name_matches(name: str, glob: str) -> bool:
    if name.startswith(".") and not glob.startswith("."):
        return False
    return name == glob or fnmatchcase(name, glob)
