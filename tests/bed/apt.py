"""Debian's packages: the machine's own sources, a newer suite beside them, installing.

No mirror is named here: the newer suite is read from the mirror that the machine already uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, RLock

from . import command
from .errors import BedError

ETC = Path("/etc/apt")
NEWER = "forky"
PRIORITY = 40
"""Below 100, so that apt takes from the newer suite only what is asked for by name."""

_one_at_a_time = RLock()
_read_lists = Event()

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Source:
    """One archive: where it is, which suites of it are used, which key signs it."""

    uri: str
    suites: tuple[str, ...]
    signed_by: str | None


def release() -> Mapping[str, str]:
    """The fields of /etc/os-release; empty where there is none."""
    path = Path("/etc/os-release")
    if not path.exists():
        return {}
    pairs = (row.partition("=") for row in path.read_text(encoding="utf-8").splitlines())
    return {key: value.strip('"') for key, _, value in pairs if key}


def is_debian_like() -> bool:
    """Whether this is Debian, Ubuntu, or calls itself like them."""
    fields = release()
    return bool({"debian", "ubuntu"} & {fields.get("ID"), *fields.get("ID_LIKE", "").split()})


def own_source() -> Source:
    """The archive that the machine's own suite comes from.

    Raises:
        BedError: no source names the suite of /etc/os-release.
    """
    codename = release().get("VERSION_CODENAME", "")
    for source in sources():
        if codename in source.suites:
            return source
    raise BedError(f"No source under {ETC} names the suite {codename or 'of this machine'!r}.")


def sources(etc: Path = ETC) -> Iterator[Source]:
    """Every binary source of the machine, from both of apt's notations."""
    folder = etc / "sources.list.d"
    for path in (etc / "sources.list", *sorted(folder.glob("*.list"))):
        if path.exists():
            yield from one_line_sources(path.read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.sources")):
        yield from deb822_sources(path.read_text(encoding="utf-8"))


def one_line_sources(text: str) -> Iterator[Source]:
    """The `deb [options] uri suite components` lines of `text`."""
    for row in text.splitlines():
        if found := re.match(r"\s*deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(\S+)\s+(\S+)", row):
            key = re.search(r"signed-by=(\S+)", found["options"] or "")
            yield Source(found[2], (found[3],), key[1] if key else None)


def deb822_sources(text: str) -> Iterator[Source]:
    """The stanzas of `text`; a key that stands in the file itself is left out."""
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = {key.lower(): value for key, value in _fields(stanza)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        key = fields.get("signed-by", "")
        for uri in fields.get("uris", "").split():
            suites = tuple(fields.get("suites", "").split())
            yield Source(uri, suites, key if key.startswith("/") else None)


def _fields(stanza: str) -> Iterator[tuple[str, str]]:
    for row in stanza.splitlines():
        if not row[:1].isspace():
            key, _, value = row.partition(":")
            yield key, value.strip()


def candidate(package: str) -> str:
    """The version of `package` that apt would install; empty where there is none."""
    found = re.search(r"Candidate: (\S+)", command.output(["apt-cache", "policy", package]))
    return "" if found is None or found[1] == "(none)" else found[1]


def settings(names: Sequence[str]) -> list[str]:
    """Those of the machine's apt settings that are called `names`, in apt.conf's notation."""
    return command.output(["apt-config", "dump", *names]).replace(";", "").splitlines()


def add_newer_suite() -> None:
    """Add Debian's newer suite from the machine's own mirror, pinned so that all else stays."""
    own = own_source()
    rows = ["Types: deb", f"URIs: {own.uri}", f"Suites: {NEWER}", "Components: main"]
    rows += [f"Signed-By: {own.signed_by}"] if own.signed_by else []
    (ETC / "sources.list.d" / "composeroll-bed.sources").write_text(
        "# written by composeroll's tests/bed\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    (ETC / "preferences.d" / "composeroll-bed").write_text(
        f"Package: *\nPin: release n={NEWER}\nPin-Priority: {PRIORITY}\n", encoding="utf-8"
    )


def update() -> None:
    """Read the package lists anew."""
    with _one_at_a_time:
        command.run(["apt-get", "update", "-q"], log="apt", env=QUIET)
        _read_lists.set()


def install(packages: Sequence[str]) -> None:
    """Install `packages`, each a name or name/suite, without what they merely recommend."""
    with _one_at_a_time:
        if not _read_lists.is_set():
            update()
        argv = ["apt-get", "install", "-qy", "--no-install-recommends", *packages]
        command.run(argv, log="apt", env=QUIET)
