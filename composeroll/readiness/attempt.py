"""One attempt: probe one replica once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from composeroll.errors import EngineError
from composeroll.readiness import fastcgi, grpc, http
from composeroll.readiness.answer import Answer, AnswerError, last_lines
from composeroll.readiness.direct import split
from composeroll.readiness.door import ContainerDoor
from composeroll.readiness.pipe import Conversation, OpenPipes, Pipe
from composeroll.readiness.probes import (
    AddressProbe,
    FastcgiProbe,
    GrpcProbe,
    HealthcheckProbe,
    HttpProbe,
    Probe,
    StatusRanges,
    TcpProbe,
    UpProbe,
)

REQUEST_LIMIT = 5.0
"""Seconds one request may take."""


class Attempt(Struct, frozen=True):
    """Probes one replica, once for each call.

    Attributes:
        container: the replica's full ID.
        address: its `host:port` on the gateway's network; empty if nothing can connect to it.
    """

    probe: Probe
    container: str
    address: str
    door: ContainerDoor
    pipes: OpenPipes

    def __call__(self, seconds: float) -> Answer:
        """Probe once, within `seconds` and the probe's own limit."""
        limit = min(seconds, limit_of(self.probe))
        try:
            return self._ask(limit)
        except TimeoutError:
            return Answer(good=False, said=f"gave no answer within {limit:.3g} s")
        except AnswerError as error:
            return Answer(good=False, said=str(error), output=error.output)
        except OSError as error:
            return Answer(good=False, said=f"cannot be reached: {error.strerror or error}")
        except EngineError as error:
            return Answer(good=False, said=f"cannot be asked: {error}", output=error.evidence)

    def _ask(self, limit: float) -> Answer:
        if isinstance(self.probe, AddressProbe) and not self.address:
            raise AnswerError("has no address on the gateway's network")
        match self.probe:
            case HealthcheckProbe(command):
                return self._check(command, limit)
            case HttpProbe(path, host, accepted, tls):
                with self._conversation(limit, (host or "") if tls else None) as conversation:
                    response = http.ask(conversation, path, host or self.address)
                return judge_status(response.status, accepted, response.body)
            case FastcgiProbe(path, accepted):
                with self._conversation(limit) as conversation:
                    page = fastcgi.ask(conversation, path, split(self.address)[0])
                return judge_status(page.status, accepted, f"{page.body}\n{page.errors}")
            case GrpcProbe(service, asked):
                with self._conversation(limit) as conversation:
                    serving = grpc.ask(conversation, service, self.address)
                return judge_serving(serving, asked=asked)
            case TcpProbe():
                self.pipes.accepts(self.address, limit)
                return Answer(good=True, said="accepted a connection")
            case UpProbe():
                return Answer(good=True, said="runs")

    def _check(self, command: tuple[str, ...], limit: float) -> Answer:
        """Run the healthcheck once the port accepts a connection.

        The port is cheap to try, and has to accept in any case: a healthcheck that connects to
        `localhost` also passes in a server that listens on no other address.
        """
        if self.address:
            self.pipes.accepts(self.address, min(limit, REQUEST_LIMIT))
        return self._run(command, limit)

    def _run(self, command: tuple[str, ...], limit: float) -> Answer:
        running = self.pipes.hold(self.door.begin(self.container, command))
        try:
            output = running.outcome(limit)
        finally:
            self.pipes.release(running)
        said = f"ended its check with {output.exit_code}"
        if output.overdue:
            said = f"did not end its check within {limit:.3g} s"
        return Answer(output.exit_code == 0, said, last_lines("\n".join(output.lines)))

    @contextmanager
    def _conversation(self, limit: float, tls: str | None = None) -> Iterator[Conversation]:
        """Connect; over TLS if `tls` is given, which is the server name to send ("" for none)."""
        pipe = self.pipes.dial(self.address, limit)
        try:
            yield Conversation(pipe if tls is None else _over_tls(pipe, limit, tls), limit)
        finally:
            self.pipes.release(pipe)


def _over_tls(pipe: Pipe, limit: float, host: str) -> Pipe:
    """Return the pipe after a TLS handshake, in which each read may take `limit` seconds."""
    from composeroll.readiness.tls import TlsPipe  # noqa: PLC0415 - ssl is slow to import

    name = "" if host.startswith("[") else host.partition(":")[0]
    pipe.settimeout(limit)
    try:
        return TlsPipe(pipe, name)
    except ValueError as wrong:
        raise AnswerError(f"cannot be asked for {host} over TLS: {wrong}") from wrong


def limit_of(probe: Probe) -> float:
    """Return the seconds that one attempt may take."""
    return probe.timeout if isinstance(probe, HealthcheckProbe) else REQUEST_LIMIT


def judge_status(status: int, accepted: StatusRanges, body: str) -> Answer:
    """Return an answer that is good if the status is accepted, with the end of the body."""
    good = any(first <= status <= last for first, last in accepted)
    return Answer(good, f"answered {status}", last_lines(body))


def judge_serving(serving: grpc.Serving | None, *, asked: bool) -> Answer:
    """Return an answer that is good if a gRPC server is healthy.

    A server that keeps no such status is taken as healthy, unless a setting `asked` for it.
    """
    if serving is None:
        return Answer(good=not asked, said="answered gRPC without a health service")
    if serving is grpc.Serving.SERVICE_UNKNOWN:
        return Answer(good=not asked, said="answered gRPC without a status of that name")
    return Answer(serving is grpc.Serving.SERVING, f"answered {serving.name}")
