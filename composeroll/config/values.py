"""One reader for each kind of value: raw YAML, an environment's text or a flag's text in.

Every reader raises `ValueError` with the end of a sentence that begins with the key.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from composeroll.config.durations import parse_duration
from composeroll.config.settings import Batch, LongConnections, Order
from composeroll.model import Protocol

Word = TypeVar("Word", bound=StrEnum)
Reader = Callable[[object], object]

_PORTS = range(1, 65536)
_STATUSES = range(100, 600)


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"wants a text, not {value!r}")
    return value


def url_path(value: object) -> str:
    """A path as it stands in a request line."""
    if not isinstance(value, str) or not value.startswith("/") or " " in value:
        raise ValueError(f"wants a path that begins with /, such as /ping, not {value!r}")
    return value


def absolute_path(value: object) -> str:
    """A file's path inside the gateway."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError(f"wants an absolute path inside the gateway, not {value!r}")
    return value


def whole(value: object) -> int:
    """A whole number above zero."""
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 1:
        raise ValueError(f"wants a whole number above 0, not {value!r}")
    return int(str(value))


def port(value: object) -> int:
    """A TCP port."""
    number = whole(value)
    if number not in _PORTS:
        raise ValueError(f"wants a port between 1 and 65535, not {number}")
    return number


def word(kind: type[Word]) -> Callable[[object], Word]:
    """A reader for one of an enum's words."""

    def read(value: object) -> Word:
        try:
            return kind(str(value))
        except ValueError:
            words = ", ".join(kind)
            raise ValueError(f"wants one of {words}, not {value!r}") from None

    return read


def statuses(value: object) -> tuple[tuple[int, int], ...]:
    """Status codes such as `200-399`, `204` or `200-299,401`, as closed ranges."""
    items = value if isinstance(value, list) else str(value).split(",")
    return tuple(_status_range(str(item).strip()) for item in items)


def _status_range(item: str) -> tuple[int, int]:
    low, _, high = item.partition("-")
    ends = (low, high or low)
    if not all(end.isdecimal() and int(end) in _STATUSES for end in ends) or ends[0] > ends[1]:
        raise ValueError(f"wants status codes such as 200-399 or 204, not {item!r}")
    return int(ends[0]), int(ends[1])


def batch(value: object) -> Batch:
    """`all`, a number of replicas, or a share such as `50%`."""
    if value == "all":
        return Batch()
    share = str(value).removesuffix("%")
    if share != str(value) and share.isdecimal() and 0 < int(share) <= 100:  # noqa: PLR2004 - per cent
        return Batch(percent=float(share))
    try:
        return Batch(count=whole(value))
    except ValueError:
        raise ValueError(f"wants all, a number or a share such as 50%, not {value!r}") from None


READERS: dict[str, Reader] = {
    "gateway": text,
    "upstream": text,
    "include": absolute_path,
    "port": port,
    "protocol": word(Protocol),
    "template": text,
    "ready.path": url_path,
    "ready.status": statuses,
    "ready.host": text,
    "ready.timeout": parse_duration,
    "ready.interval": parse_duration,
    "ready.successes": whole,
    "ready.settle": parse_duration,
    "drain.timeout": parse_duration,
    "drain.long_connections": word(LongConnections),
    "order": word(Order),
    "batch": batch,
    "monitor": parse_duration,
}
"""Every setting by its dotted key: flags, environment names and checks follow from this list."""
