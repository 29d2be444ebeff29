"""What of a gateway's container would hurt, found beforehand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Mount, Severity
from composeroll.nginx.findings.container import (
    container_findings,
    hard_to_write,
    socket_access_findings,
)
from tests.unit.nginx.made import INCLUDE, replica

NGINX = replace(replica("nginx"), stop_signal="SIGQUIT")
FILE = Mount(INCLUDE, "bind", writable=True)
TMPFS = Mount("/etc/nginx/upstreams", "tmpfs", writable=True)
FOLDER = Mount("/etc/nginx/upstreams", "bind", writable=True)
TABLE = f"811 651 254:0 /srv/backend.conf{{}} {INCLUDE} rw,relatime - ext4 /dev/vda rw\n"


def found(mount: Mount, table: str | None, signal: str = "SIGQUIT") -> list[tuple[Severity, str]]:
    container = replace(NGINX, mounts=(mount,), stop_signal=signal)
    return [(f.severity, f.what) for f in container_findings(container, INCLUDE, table)]


@pytest.mark.parametrize("mount", [FILE, TMPFS, FOLDER])
def test_a_mount_of_now_is_fine_where_there_is_a_shell(mount: Mount) -> None:
    assert found(mount, TABLE.format("")) == []


@pytest.mark.parametrize(
    ("mount", "why"), [(FILE, "it is a single file"), (TMPFS, "it is a tmpfs")]
)
def test_what_only_a_shell_can_write_is_refused_without_one(mount: Mount, why: str) -> None:
    ((severity, what),) = found(mount, None)
    assert severity is Severity.REFUSAL
    assert what.endswith(why)


def test_a_file_that_was_replaced_on_the_host_is_not_the_one_that_nginx_sees() -> None:
    ((severity, what),) = found(FILE, TABLE.format("//deleted"))
    assert severity is Severity.WARNING
    assert what.startswith(f"{INCLUDE} was replaced on the host")


def test_the_mounts_are_asked_for_only_where_the_include_is_hard_to_write() -> None:
    asked = [hard_to_write(replace(NGINX, mounts=(m,)), INCLUDE) for m in (FILE, TMPFS, FOLDER)]
    assert asked == [FILE, TMPFS, None]
    assert hard_to_write(NGINX, INCLUDE) is None


@pytest.mark.parametrize(("signal", "noted"), [("SIGQUIT", False), ("3", False), ("SIGTERM", True)])
def test_a_signal_that_drops_requests_is_noted(signal: str, *, noted: bool) -> None:
    notes = found(FOLDER, "", signal)
    assert [severity for severity, _ in notes] == [Severity.NOTE] * noted


def test_an_image_without_what_a_look_needs_is_noted_as_one_whose_drains_wait_for_all() -> None:
    assert not socket_access_findings("front", shows=True)
    (note,) = socket_access_findings("front", shows=False)
    assert note.severity is Severity.NOTE
    assert "the sockets of front cannot be read" in note.what
    assert "sh, ls, tr or cat" in note.what
