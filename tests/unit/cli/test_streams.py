"""A standard stream that was closed leads nowhere, and nobody else gets its place."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOWS = """
import os, sys
from composeroll.cli.streams import settle
settle()
print("out"); print("err", file=sys.stderr)
sys.stdout.flush(); sys.stderr.flush()
opened = os.open(os.devnull, os.O_RDONLY)
assert opened > 2, opened
assert not os.read(0, 1)
sys.exit(os.system("echo of a child; echo and more >&2; ! read line") >> 8)
"""


@pytest.mark.parametrize("closed", ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_leads_nowhere_and_standard_input_is_empty(closed: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", SHOWS]
    ended = subprocess.run(shell, input="yes", capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ("" if " >&-" in f" {closed}" else "out\nof a child\n")
    assert ended.stderr == ("" if "2>&-" in closed else "err\nand more\n")
