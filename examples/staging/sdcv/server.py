# ruff: noqa: INP001 (a program that is copied into an image, not a module)
"""An HTTP front for sdcv: `GET /WORD` answers what the dictionaries say, as JSON."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

PORT = 9095
ANSWERS_WITHIN = 5.0


def look_up(word: str) -> bytes:
    """What sdcv says about `word`: a JSON list, empty where no dictionary knows it."""
    argv = ["sdcv", "--non-interactive", "--json-output", "--exact-search", "--", word]
    return subprocess.run(argv, stdout=subprocess.PIPE, timeout=ANSWERS_WITHIN, check=False).stdout


class Front(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        """Answer the health check, or look a word up."""
        word = unquote(urlsplit(self.path).path).strip("/")
        if word == "healthz":
            self.reply(HTTPStatus.OK, "text/plain", b"ok\n")
        elif word:
            self.reply(HTTPStatus.OK, "application/json", look_up(word))
        else:
            self.reply(HTTPStatus.NOT_FOUND, "text/plain", b"GET /WORD, for example /upstream\n")

    def reply(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        """Send one whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Image", os.environ.get("IMAGE_VERSION", "unknown"))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Its threads are waited for, so that a stop ends no request halfway."""

    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    """Serve until SIGTERM, then end the requests that run."""
    with Server(("", PORT), Front) as server:
        # shutdown() waits for the loop that this very thread runs
        stop = threading.Thread(target=server.shutdown)
        signal.signal(signal.SIGTERM, lambda *_: stop.start())
        server.serve_forever()


main()
