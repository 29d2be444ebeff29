"""The answers of replicas in lines of an access log: which server, and which status. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from composeroll.model import Answered
from composeroll.nginx.access_log.lines import Reader

NO_SERVER = ("", "-")
"""The server addresses in a line for a request that nginx answered itself."""

BAD_GATEWAY = 502
"""The assumed status of a try that another one followed, if the format has no status of tries."""

_BETWEEN = re.compile(r", | : ")


def answers_in(lines: Iterable[str], read: Reader) -> tuple[Answered, ...]:
    """Return the answers in these lines; lines that do not match the format are left out."""
    found = ((line, read(line)) for line in lines)
    return tuple(one for line, values in found if values for one in _answers(line, values))


def _answers(line: str, values: Mapping[str, str]) -> Iterator[Answered]:
    """Yield one answer per try: the line of a retried request has comma-separated lists."""
    final = int(values.get("status") or 0)
    if "upstream_addr" not in values:
        yield Answered("", final, line)
        return
    asked = _BETWEEN.split(values["upstream_addr"])
    statuses = _BETWEEN.split(values.get("upstream_status", ""))
    status_list = statuses if len(statuses) == len(asked) else [""] * len(asked)
    for at, (address, status) in enumerate(zip(asked, status_list, strict=True), start=1):
        if address not in NO_SERVER:
            otherwise = final if at == len(asked) else BAD_GATEWAY
            yield Answered(address, int(status) if status.isdecimal() else otherwise, line)
