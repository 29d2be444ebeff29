"""How an upstream's servers answer, as the access logs of the gateways tell it."""

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
    """One log that is read on, and the reader of its lines."""

    tail: Tail
    reader: Reader

    def read(self) -> tuple[Answered, ...]:
        """The answers since the last call."""
        return answers_in(self.tail.read(), self.reader)


class Traffic(Struct, frozen=True):
    """The answers of an upstream's servers, from the moment it was opened.

    Attributes:
        before: the last answers from before that moment.
        hidden: why some cannot be seen, a sentence each.
    """

    sources: tuple[Source, ...] = ()
    before: tuple[Answered, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether there is any log that tells of them."""
        return bool(self.sources)

    def read(self) -> tuple[Answered, ...]:
        """The answers since the last call.

        Raises:
            EngineError: the engine refuses.
            GatewayError: a log cannot be read any more.
        """
        return tuple(answer for source in self.sources for answer in source.read())


def open_traffic(door: ContainerDoor, container: str, visible: Visibility) -> Traffic:
    """Begin to read the logs of one gateway; one that cannot be read is hidden."""
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
    """The traffic of several gateways as one."""
    return Traffic(
        tuple(source for one in several for source in one.sources),
        tuple(answer for one in several for answer in one.before),
        tuple(dict.fromkeys(why for one in several for why in one.hidden)),
    )


def _source(door: ContainerDoor, container: str, log: AccessLog) -> Source:
    return Source(tail_of(door, container, log.target), reader_of(log.form or COMBINED))
