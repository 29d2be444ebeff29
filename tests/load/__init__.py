"""The load client: the instrument that proves that a rollout loses not one request.

    with Load("http://127.0.0.1:8088/", Mix(websocket_path="/ws")) as load:
        load.after_requests(2000)
        load.mark("began")
        ...                                     # the rollout
        load.mark("ended")
        load.after_requests(2000)
    result = load.result()
    assert not result.failures(), render(result, "began", "ended")

What counts as a failure
------------------------
Each request is exactly one row in the record: a success or one class of `Failure`.

CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_ERROR
    No connection, or within as long no TLS on it. ERROR is all else the operating system says, a
    shortage of ports or descriptors on the client's own side included: a load that could not be
    made proves nothing.
RESET
    RST before or amid an answer, unless it is STALE_REUSE; or a TLS handshake that failed.
EMPTY_REPLY
    FIN before any byte of the first answer on a connection.
STALE_REUSE
    A *re-used* connection on which the server had answered before went away (FIN or RST) after the
    request was sent and before any byte of its answer. RFC 9112 section 9.3.1 lets a client send an
    idempotent request again then, and most do, silently; section 9.5 tells servers to close so that
    this is rare. We never send again. A POST must not be sent again without its user's word
    (RFC 9110 section 9.2.2), so for POSTs this is a lost request in any client; and for GETs it is
    the very race that a reload can open. It counts as a failure, in a class of its own, so that
    one can say what a client that retries would have hidden.
TRUNCATED
    FIN amid an answer: before the end of its header, its Content-Length or its last chunk. A body
    that has neither ends with the connection (RFC 9112 section 6.3): cutting that one short by FIN
    cannot be seen by any client.
SERVER_ERROR, UNEXPECTED_STATUS
    5xx, and any other status that the mix does not expect. Redirects are not followed.
TIMEOUT
    No whole answer, no handshake or no echo within `Mix.timeout`.
MALFORMED
    Not HTTP/1.1 or not a websocket frame, bytes after the end of an answer included.
WRONG_BODY
    A good status, but the body that was posted is not in the answer (only with `Mix.echo`).
WS_REFUSED
    A websocket handshake answered by anything but 101.
WS_DROP
    An open websocket ended by FIN or RST without a close frame.
WS_CLOSE_CODE
    Closed by a close frame with another code than 1000 and 1001, none at all included.

What does not, and is counted as an `Event`
-------------------------------------------
IDLE_CLOSED
    Before it uses a connection again, a client looks for a FIN or RST, in the kernel and not only
    in its event loop, as curl, Go and browsers do; what it finds is a server's right (RFC 9112
    section 9.5), and the request goes out on a new connection. So is TLS's close_notify (RFC 8446
    section 6.1). `NAIVE` clients do not look.
CLOSE_HONOURED
    An answer said `Connection: close` (section 9.6); the next request takes a new connection.
WS_CLOSED_CLEANLY, WS_RECONNECTED, WS_UNANSWERED
    Close code 1000 or 1001; the new connection after it (whose failure is a failure of its own);
    and messages that had no echo yet, which RFC 6455 leaves to the application.

The kinds of client
-------------------
KEEPALIVE and POST keep their connection; FRESH asks for `Connection: close` and takes a new one
each time; HALF_POST sends header and half of the body on a new connection, pauses, sends the rest;
SLOW asks for what takes long, on new connections; IDLE pauses between requests on one connection;
NAIVE (none by default) uses a kept connection without a look; WEBSOCKET sends messages and expects
each back. A request under way when the load ends is seen to its end.

Load goes to loopback addresses only, and ends by itself after a limit. See `Pace` for how latency
is timed, and `Latency` for how it is summed up.
"""

from __future__ import annotations

from tests.load.channel import LoadDiedError, LoadError, LoadOverError
from tests.load.load import Load
from tests.load.measures import Latency, Mark, Phases, Second, Seen
from tests.load.mix import Mix
from tests.load.outcome import Event, Failure, Kind
from tests.load.result import Result
from tests.load.samples import ALWAYS, Window
from tests.load.snapshot import Snapshot
from tests.load.summary import render
from tests.load.target import NotLoopbackError

__all__ = [
    "ALWAYS",
    "Event",
    "Failure",
    "Kind",
    "Latency",
    "Load",
    "LoadDiedError",
    "LoadError",
    "LoadOverError",
    "Mark",
    "Mix",
    "NotLoopbackError",
    "Phases",
    "Result",
    "Second",
    "Seen",
    "Snapshot",
    "Window",
    "render",
]
