"""One reader per kind of value, from raw YAML or the text of a variable or a flag.

Every reader raises `ValueError`; the message is the end of a sentence that begins with the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from composeroll.config.durations import parse_duration
from composeroll.config.settings import Batch, LongConnections, Order
from composeroll.model import Protocol

Word = TypeVar("Word", bound=StrEnum)
Reader = Callable[[object], object]

_PORTS = range(1, 65536)
_STATUSES = range(100, 600)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


def text(value: object) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a non-empty text, not {value!r}")
    return value


def url_path(value: object) -> str:
    """Return a path of an HTTP request line."""
    if not isinstance(value, str) or not value.startswith("/") or " " in value:
        raise ValueError(f"must be a path that begins with /, for example /ping, not {value!r}")
    return value


def absolute_path(value: object) -> str:
    """Return a file's path inside the gateway."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError(f"must be an absolute path inside the gateway, not {value!r}")
    return value


def whole(value: object) -> int:
    """Return a whole number above zero."""
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 1:
        raise ValueError(f"must be a whole number above 0, not {value!r}")
    return int(str(value))


def port(value: object) -> int:
    """Return a TCP port."""
    number = whole(value)
    if number not in _PORTS:
        raise ValueError(f"must be a port between 1 and 65535, not {number}")
    return number


def word(kind: type[Word]) -> Callable[[object], Word]:
    """Return a reader for an enum's values."""

    def read(value: object) -> Word:
        try:
            return kind(str(value))
        except ValueError:
            words = ", ".join(kind)
            raise ValueError(f"must be one of {words}, not {value!r}") from None

    return read


def statuses(value: object) -> tuple[tuple[int, int], ...]:
    """Return status codes, for example `200-399`, `204` or `200-299,401`, as closed ranges."""
    items = value if isinstance(value, list) and value else str(value).split(",")
    return tuple(_status_range(str(item).strip()) for item in items)


def _status_range(item: str) -> tuple[int, int]:
    low, dash, high = item.partition("-")
    ends = [int(end) for end in (low, high if dash else low) if end.isdecimal()]
    match ends:
        case [first, last] if first <= last and first in _STATUSES and last in _STATUSES:
            return first, last
    raise ValueError(f"must be status codes, for example 200-399 or 204, not {item!r}")


def batch(value: object) -> Batch:
    """Return a batch from `all`, a number of replicas, or a percentage, for example `50%`."""
    if value == "all":
        return Batch()
    share = str(value).removesuffix("%")
    if share != str(value) and share.isdecimal() and 0 < int(share) <= 100:  # noqa: PLR2004 - per cent
        return Batch(percent=float(share))
    try:
        return Batch(count=whole(value))
    except ValueError:
        raise ValueError(f"must be all, a number or a percentage like 50%, not {value!r}") from None


def yes_or_no(value: object) -> bool:
    """Return a boolean from YAML's true or false, or the same as text."""
    meant = {"true": True, "false": False}.get(str(value).lower())
    if meant is None:
        raise ValueError(f"must be true or false, not {value!r}")
    return meant


def pause(value: object) -> float:
    """Return a duration above 0, so that probes never run without a pause."""
    seconds = parse_duration(value)
    if not seconds:
        raise ValueError(f"must be a duration above 0, not {value!r}")
    return seconds


def share(value: object) -> float:
    """Return a share from a percentage, for example `5%` or `0.5%`; 0.05 is 5 %."""
    found = _SHARE.fullmatch(str(value))
    if found is None or float(found[1]) > 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"must be a percentage, for example 5% or 0.5%, not {value!r}")
    return float(found[1]) / 100


class Setting(Struct, frozen=True):
    """How one setting is read, and its one-line help."""

    read: Reader
    help: str


SETTINGS: dict[str, Setting] = {
    "gateway": Setting(text, "service that runs nginx"),
    "upstream": Setting(text, "the service's upstream, as nginx calls it"),
    "include": Setting(absolute_path, "file in the gateway that holds just that upstream"),
    "port": Setting(port, "port that the replicas listen on"),
    "protocol": Setting(word(Protocol), "what they speak: http, fastcgi, uwsgi, grpc, tcp or udp"),
    "template": Setting(text, "your own Jinja2 template for the include"),
    "ready.path": Setting(url_path, "path of a request that proves a replica ready"),
    "ready.status": Setting(statuses, "status codes that count as ready (200-399)"),
    "ready.host": Setting(text, "Host header of that request"),
    "ready.timeout": Setting(parse_duration, "how long a replica may take (60s)"),
    "ready.interval": Setting(pause, "pause between two attempts (200ms)"),
    "ready.successes": Setting(whole, "consecutive successes required"),
    "ready.settle": Setting(parse_duration, "how long it must then stay up"),
    "drain.timeout": Setting(parse_duration, "how long old requests may take to end (60s)"),
    "drain.long_connections": Setting(word(LongConnections), "wait for them, or cut them"),
    "drain.long_after": Setting(
        parse_duration, "age from which a connection is long, for cut (10s)"
    ),
    "drain.detach": Setting(yes_or_no, "end before the old replicas have drained"),
    "order": Setting(
        word(Order), "what comes first: start-first; stop-first where both cannot run"
    ),
    "batch": Setting(batch, "how many are replaced at a time: all, 2, 50%"),
    "keep": Setting(whole, "how many images are kept for a rollback (5)"),
    "monitor": Setting(parse_duration, "how long to watch the new replicas before the old go (0s)"),
    "max_errors": Setting(share, "share of their answers that may be 5xx in that time (5%)"),
    "min_requests": Setting(whole, "answers before that share counts (20)"),
}
"""Every setting by its dotted key; flags, environment variables and checks derive from it."""
