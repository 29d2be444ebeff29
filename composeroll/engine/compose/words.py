"""What compose prints about its work, parsed into data. Pure.

Dry runs are read as plain text (`--progress plain`), the one format that Compose 2.26 to 5.5 share.
Only the prefix of a dry run is missing in 5 (`plainWriter` in its cmd/display/plain.go, whose
`dryRun` is never set). JSON lines came with 2.29, and 5 moved their text from `status` to `text`:

    2.26, 2.40   " DRY-RUN MODE -  Container shop-web-1  Recreate"
    5.0 to 5.5   " Container shop-web-1 Recreate "
    2.40  {"dry-run":true,"id":"Container shop-web-1","status":"Recreate"}
    5.5   {"id":"Container shop-web-1","status":"Working","text":"Recreate"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from composeroll.engine.api.transport import HELP
from composeroll.engine.inspection import is_left_by_recreate
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable

_DRY_RUN = re.compile(
    r"^(?: ?DRY-RUN MODE - +| (?=(?:Container|Network|Volume|Image) ))"
    r"(?P<kind>\w+) (?P<name>\S+) +(?P<word>.*?) *$",
    re.MULTILINE,
)
_NO_ACTION = re.compile(
    r"^ ?DRY-RUN MODE - +(?! |(?:Container|Network|Volume|Image) )(?P<message>.*\S)", re.MULTILINE
)
_CHANGED_VOLUME = re.compile(r'Volume "(?P<name>[^"]+)" exists but doesn\'t match configuration')
"""Compose's question (reconcile.go); a closed stdin answers no, and the volume stays unchanged."""

_UNSET = re.compile(r'level=warning msg="The \\"(?P<name>\w+)\\" variable is not set\.')

_HARMLESS = frozenset({"Running", "Created"})
_HARMLESS_WHEN_NEW = frozenset({"Creating", "Created", "Starting", "Started"})
_NO_ENGINE = re.compile(
    r"cannot connect to the docker daemon|failed to connect to the docker API"
    r"|docker daemon is not running",
    re.IGNORECASE,
)
"""The second is the message of the client of Engine 29, which later versions of Compose 5 use."""

_NO_COMPOSE = re.compile(
    r"'compose' is not a docker command|unknown command: docker compose|unknown (shorthand )?flag",
    re.IGNORECASE,
)
"""The first is the message of docker before 28."""

EVIDENCE_LINES = 20


class Action(Struct, frozen=True):
    """One line of a dry run: compose would do `word` (Recreate) to a `kind` (Container)."""

    kind: str
    name: str
    word: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.word}"


def parse_dry_run(said: str) -> tuple[Action, ...]:
    """Parse the actions of a dry run, in compose's order, without warnings and other lines.

    A volume that compose would recreate, which it only asks about, comes last.
    """
    planned = [Action(**found.groupdict()) for found in _DRY_RUN.finditer(said)]
    asked = [Action("Volume", name, "Recreate") for name in _CHANGED_VOLUME.findall(said)]
    return (*planned, *dict.fromkeys(asked))


def read_verdicts(actions: Iterable[Action]) -> dict[str, str]:
    """Return compose's first action for each container, by name: `Running`, `Recreate`, ….

    The temporary name of a container that is recreated (`3f2a…_shop-web-1`) is left out.
    """
    found: dict[str, str] = {}
    for action in actions:
        if action.kind == "Container" and not is_left_by_recreate(action.name):
            found.setdefault(action.name, action.word)
    return found


def dangers(actions: Iterable[Action]) -> tuple[str, ...]:
    """Return the actions that do more than create containers beside the running ones."""
    listed = tuple(actions)
    new = {a.name for a in listed if a.kind == "Container" and a.word == "Creating"}
    return tuple(str(action) for action in listed if not _harmless(action, new))


def _harmless(action: Action, new: set[str]) -> bool:
    if action.kind != "Container":
        return action.word in _HARMLESS_WHEN_NEW
    return action.word in (_HARMLESS_WHEN_NEW if action.name in new else _HARMLESS)


class PullLine(Struct, frozen=True):
    """One line of a pull's progress.

    Attributes:
        service: the service; from Compose 5 on its image reference; empty in lines of 2.28 or
            older about a layer.
        layer: the layer's short digest, empty for the service as a whole.
        state: compose's text (`Downloading`, `Pulled`, `Skipped`).
        current: bytes done.
        total: bytes in all, 0 if unknown.
    """

    service: str
    layer: str
    state: str
    current: int = 0
    total: int = 0


def parse_pull_line(line: str) -> PullLine | None:
    """Parse a line of `compose --progress json pull`, or of the plain text before Compose 2.29.

    Return None for a line that is about neither a service nor a layer.
    """
    if not line.startswith("{"):
        return _parse_plain_pull(line)
    said = _json_object(line)
    name, parent = said.get("id", ""), said.get("parent_id", "")
    if not isinstance(name, str) or not name:
        return None
    return PullLine(
        service=(parent or name).removeprefix("Image "),
        layer=name if parent else "",
        state=said.get("text") or said.get("status") or "",
        current=said.get("current", 0),
        total=said.get("total", 0),
    )


def _parse_plain_pull(line: str) -> PullLine | None:
    name, _, rest = line.strip().partition(" ")
    if not line.startswith(" ") or not rest:
        return None
    state = re.split(r" ?\[|  ", rest, maxsplit=1)[0].strip()
    is_layer = re.fullmatch(r"[0-9a-f]{12}", name) is not None
    return PullLine("" if is_layer else name, name if is_layer else "", state)


def unset_variables(said: str) -> tuple[str, ...]:
    """Return the variables that the files use and that are not set: compose uses empty values."""
    return tuple(dict.fromkeys(_UNSET.findall(said)))


def complaint(said: str) -> tuple[str, ...]:
    """Return compose's error messages: the end of its error output, without progress and warnings.

    A dry run prints some errors like progress: these are returned if there is nothing else.
    """
    messages = [*filter(None, map(_message, said.splitlines()))] or _NO_ACTION.findall(said)
    return tuple(messages[-EVIDENCE_LINES:])


def compose_failure(said: str) -> ComposerollError:
    """Return the error for a failed compose command, from its error output."""
    lines = complaint(said)
    what = lines[-1] if lines else "compose failed and printed nothing"
    advice = "is the Compose plugin (2.26 or newer) installed? `docker compose version`"
    for words, help_ in ((_NO_ENGINE, HELP), (_NO_COMPOSE, advice)):
        if words.search(said):
            what = next(filter(words.search, lines), what)
            more = tuple(line for line in lines if line != what)
            return EngineUnreachable(what, help=help_, evidence=more)
    return EngineError(what, evidence=lines)


def _message(line: str) -> str:
    if line.startswith("{"):
        return str(_json_object(line).get("message", ""))
    is_progress = line.startswith(" ") or " level=warning " in line
    return "" if is_progress else line.strip()


def _json_object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
