"""A pull that fails names the registry that failed it, by what compose printed."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.compose.pull import failed_reference, pull

REFERENCES = {"web": "r.example/team/web:1", "db": "postgres:17"}

FROM_2_26 = """\
 web Pulling 
 db Pulling 
 web Error 
 db  Interrupted
Error response from daemon: Get "https://r.example/v2/": EOF
"""  # noqa: W291 as it is printed
FROM_2_40 = """\
{"id":"db","text":"Pulling"}
{"id":"web","text":"Pulling"}
{"id":"web","text":"Error","status":"unexpected EOF"}
{"id":"db","status":"Interrupted"}
{"error":true,"message":"Error response from daemon: unexpected EOF"}
"""
FROM_5_5 = """\
{"id":"Image postgres:17","status":"Working","text":"Pulling"}
{"id":"Image r.example/team/web:1","status":"Error","text":"Error","details":"unexpected EOF"}
"""
AMID_A_LAYER = """\
{"id":"web","text":"Pulling"}
{"id":"4abcf2066143","parent_id":"web","text":"Downloading","current":5,"total":9}
{"error":true,"message":"unexpected EOF"}
"""


@pytest.mark.parametrize("said", [FROM_2_26, FROM_2_40, FROM_5_5])
def test_the_reference_that_failed_is_the_one_compose_calls_an_error(said: str) -> None:
    assert failed_reference(said, REFERENCES) == "r.example/team/web:1"


@pytest.mark.parametrize(
    ("references", "failed"),
    [
        ({"web": "r.example/web:1", "api": "r.example/api:1"}, "r.example/web:1"),
        (REFERENCES, ""),
    ],
)
def test_without_such_a_line_it_can_only_be_told_where_all_are_of_one_registry(
    references: Mapping[str, str], failed: str
) -> None:
    assert failed_reference(AMID_A_LAYER, references) == failed


def test_a_compose_that_is_told_to_write_to_stdout_does_not_wait_there_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody reads is full at 64 kB."""
    docker = tmp_path / "docker"
    says = "head -c 300000 /dev/zero | tr '\\0' x"
    docker.write_text(f'#!/bin/sh\n[ "$COMPOSE_STATUS_STDOUT" = 0 ] || {says}\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("COMPOSE_STATUS_STDOUT", "1")
    pulling = threading.Thread(
        target=pull, args=(ComposeFlags(), REFERENCES, lambda _: None), daemon=True
    )
    pulling.start()
    pulling.join(10.0)
    assert not pulling.is_alive()
