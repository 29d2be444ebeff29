# ruff: noqa: INP001 (a program that is copied into an image, not a module)
"""The app's HEALTHCHECK: 0 where /healthz answers 200."""

import os
import socket
import sys

if os.environ.get("BROKEN") == "fails-healthcheck":
    sys.exit("this healthcheck always fails")

with socket.create_connection(("127.0.0.1", 8000), timeout=2) as connection:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: check\r\nConnection: close\r\n\r\n")
    status = connection.recv(64).split(b" ")[1]
if status != b"200":
    sys.exit(f"/healthz answered {status.decode()}")
