"""What a line of an access log says of the replicas: who was asked, and how each answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from composeroll.model import Answered
from composeroll.nginx.access_log.lines import Reader

NOBODY = ("", "-")
"""What stands in a line for a request that nginx answered by itself."""

BAD_GATEWAY = 502
"""What a try counts for that nginx gave up for another, where the format does not say."""

_BETWEEN = re.compile(r", | : ")


def answers_in(lines: Iterable[str], read: Reader) -> tuple[Answered, ...]:
    """All tries of these lines; what is not of the format is left out."""
    found = ((line, read(line)) for line in lines)
    return tuple(one for line, values in found if values for one in _answers(line, values))


def _answers(line: str, values: Mapping[str, str]) -> Iterator[Answered]:
    """One for each try: a retried request has comma lists."""
    final = int(values.get("status") or 0)
    if "upstream_addr" not in values:
        yield Answered("", final, line)
        return
    asked = _BETWEEN.split(values["upstream_addr"])
    statuses = _BETWEEN.split(values.get("upstream_status", ""))
    told = statuses if len(statuses) == len(asked) else [""] * len(asked)
    for at, (address, status) in enumerate(zip(asked, told, strict=True), start=1):
        if address not in NOBODY:
            otherwise = final if at == len(asked) else BAD_GATEWAY
            yield Answered(address, int(status) if status.isdecimal() else otherwise, line)
