"""Frames and process tables of the engine."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.engine.api.frames import Channel, read_frames
from composeroll.engine.processes import parse_top
from composeroll.errors import EngineError
from composeroll.model import Process

frames = st.lists(st.tuples(st.sampled_from([Channel.STDOUT, Channel.STDERR]), st.binary()))


def encoded(content: list[tuple[Channel, bytes]]) -> bytes:
    """Frames as the engine writes them."""
    return b"".join(struct.pack(">BxxxL", c, len(data)) + data for c, data in content)


@given(frames)
def test_every_frame_comes_out_as_it_went_in(content: list[tuple[Channel, bytes]]) -> None:
    assert list(read_frames(io.BytesIO(encoded(content)))) == content


@given(frames.filter(bool), st.data())
def test_a_stream_that_is_cut_loses_its_last_frame_only(
    content: list[tuple[Channel, bytes]], data: st.DataObject
) -> None:
    last = len(encoded(content[-1:]))
    cut = data.draw(st.integers(1, last))
    whole = list(read_frames(io.BytesIO(encoded(content)[:-cut])))
    assert whole == content[:-1]


def test_what_the_engine_says_itself_amid_a_stream_is_read_with_the_rest() -> None:
    said = [(Channel.STDOUT, b"begun"), (Channel.SYSTEM_ERROR, b"Error grabbing logs: EOF")]
    assert list(read_frames(io.BytesIO(encoded(said)))) == said


def test_the_narrow_table_is_read() -> None:
    table = {
        "Titles": ["PID", "PPID", "COMMAND"],
        "Processes": [["300", "280", "nginx: worker process is shutting down"]],
    }
    assert parse_top(table) == (Process(300, 280, "nginx: worker process is shutting down"),)


def test_the_default_table_is_read_where_the_host_ps_knows_no_columns() -> None:
    table = {
        "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
        "Processes": [["root", "300", "280", "0", "03:02", "?", "00:00:00", "nginx: master -g x"]],
    }
    assert parse_top(table) == (Process(300, 280, "nginx: master -g x"),)


@pytest.mark.parametrize(
    "titles", [["PID", "USER", "TIME", "COMMAND"], ["PID", "USER", "VSZ", "STAT", "COMMAND"]]
)
def test_a_table_of_busybox_without_parents_is_told_with_what_helps(titles: list[str]) -> None:
    table = {"Titles": titles, "Processes": [["300", "root", "0:00", "nginx: master"]]}
    with pytest.raises(EngineError, match="does not show parent processes") as raised:
        parse_top(table)
    assert "procps" in (raised.value.help or "")
    assert raised.value.evidence == (" ".join(titles),)
