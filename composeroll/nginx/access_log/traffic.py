"""How an upstream's servers answer, according to the gateways' access logs."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Answered
from composeroll.nginx.access_log.answers import answers_in
from composeroll.nginx.access_log.lines import Reader, reader_of
from composeroll.nginx.access_log.tail import Tail, tail_of
from composeroll.nginx.access_log.visibility import Visibility
from composeroll.nginx.configuration.access_logs import AccessLog
from composeroll.nginx.configuration.log_format import COMBINED
from composeroll.nginx.door import ContainerDoor


class Source(Struct, frozen=True):
    """The tail of a log, and the reader for its lines."""

    tail: Tail
    reader: Reader

    def read(self) -> tuple[Answered, ...]:
        """Return the answers since the last call."""
        return answers_in(self.tail.read(), self.reader)


class Traffic(Struct, frozen=True):
    """The answers of an upstream's servers, from the moment it was opened.

    Attributes:
        before: the last answers from before that moment.
        hidden: why some answers cannot be seen, one sentence per reason.
    """

    sources: tuple[Source, ...] = ()
    before: tuple[Answered, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether any log shows these answers."""
        return bool(self.sources)

    def read(self) -> tuple[Answered, ...]:
        """Return the answers since the last call.

        Raises:
            EngineError: the engine refuses.
            GatewayError: a log can no longer be read.
        """
        return tuple(answer for source in self.sources for answer in source.read())


def open_traffic(door: ContainerDoor, container: str, visible: Visibility) -> Traffic:
    """Begin to read the logs of one gateway; a log that cannot be read is listed in `hidden`."""
    sources, before, hidden = [], list[Answered](), list(visible.hidden)
    for log in visible.logs:
        try:
            source = _source(door, container, log)
            before += source.read()
        except (EngineError, GatewayError) as error:
            hidden.append(error.what)
        else:
            sources.append(source)
    return Traffic(tuple(sources), tuple(before), tuple(hidden))


def all_of(several: Sequence[Traffic]) -> Traffic:
    """Return the traffic of several gateways as one."""
    return Traffic(
        tuple(source for one in several for source in one.sources),
        tuple(answer for one in several for answer in one.before),
        tuple(dict.fromkeys(why for one in several for why in one.hidden)),
    )


def _source(door: ContainerDoor, container: str, log: AccessLog) -> Source:
    return Source(tail_of(door, container, log.target), reader_of(log.form or COMBINED))
