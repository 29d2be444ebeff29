"""Whatever a log_format says, its lines are read as nginx wrote them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.nginx.access_log.lines import WANTED, reader_of
from composeroll.nginx.configuration.log_format import (
    COMBINED,
    Escape,
    LogFormat,
    Variable,
    read_format,
)

OURS = LogFormat("up", "$msec\t$status\t$upstream_addr\t$upstream_status\t$request_uri")

PEERS = st.sampled_from(["10.0.0.5:9000", "[fd00::7]:80", "unix:/run/a.sock", "backend", "-"])
STATUS = st.integers(100, 599).map(str)
KNOWN = {
    "status": STATUS,
    "upstream_addr": st.lists(PEERS, min_size=1, max_size=3),
    "upstream_status": st.lists(STATUS | st.just("-"), min_size=1, max_size=3),
    "msec": st.just("1700000000.123"),
    "bytes_sent": STATUS,
    "remote_addr": st.just("203.0.113.9"),
    "upstream_response_time": st.lists(st.just("0.004"), min_size=1, max_size=3),
}
FREE = ("request", "http_user_agent", "http_x", "remote_user")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ['" 502 "', "200", '\\" 502', "a 500 10.0.0.5:9000 b", "\t502\t", "{}", "é", ""]
)


def escaped(text: str, escape: Escape) -> str:
    """A value as ngx_http_log_escape and ngx_escape_json write it."""
    if escape is Escape.DEFAULT:
        hard = '"\\'
        return "".join(c if c not in hard and 32 <= ord(c) < 127 else _hexadecimal(c) for c in text)
    return "".join(_json(c) for c in text)


def _hexadecimal(character: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in character.encode())


def _json(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return f"\\u{ord(character):04X}" if ord(character) < 32 else character


@st.composite
def written(draw: st.DrawFn) -> tuple[LogFormat, str, dict[str, str]]:
    """A format that quotes what may hold anything, one line of it, and what it says."""
    escape = draw(st.sampled_from([Escape.DEFAULT, Escape.JSON]))
    names = draw(st.permutations([*KNOWN, *FREE]).flatmap(_beginnings))
    quote = draw(st.booleans()) or escape is Escape.JSON
    parts: list[str] = []
    line: list[str] = []
    said: dict[str, str] = {}
    for name in names:
        if name in KNOWN:
            drawn = draw(KNOWN[name])
            value = drawn if isinstance(drawn, str) else ", ".join(drawn)
        else:
            value = escaped(draw(TEXTS), escape)
        mark = '"' if quote or name in FREE else ""
        parts.append(f'"{name}": {mark}${{{name}}}{mark}')
        line.append(f'"{name}": {mark}{value}{mark}')
        said |= {name: value} if name in WANTED else {}
    between = draw(st.sampled_from([", ", " ", "\t", ""])) if quote else "; "
    form = LogFormat("any", "{" + between.join(parts) + "}", escape)
    return form, "{" + between.join(line) + "}", said


def _beginnings(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.integers(1, len(names)).map(lambda size: names[:size])


@given(written())
def test_every_line_of_a_format_says_what_was_written_into_it(
    made: tuple[LogFormat, str, dict[str, str]],
) -> None:
    form, line, said = made
    assert reader_of(form)(line) == said


@given(st.text(), st.text())
def test_no_format_and_no_line_is_too_odd_to_be_read(text: str, line: str) -> None:
    found = reader_of(LogFormat("odd", text))(line)
    assert found is None or set(found) <= set(WANTED)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ('1.2.3.4 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"', "200"),
        ('::1 - joe [01/Mar/2026:12:00:00 +0000] "GET /\\x22 502 1 HTTP/1.1" 404 0 "-" "x"', "404"),
        ('1.2.3.4 - a b - c [01/Mar/2026:12:00:00 +0000] "" 400 0 "-" "-"', "400"),
    ],
)
def test_nginxs_own_format_is_read(line: str, status: str) -> None:
    assert reader_of(COMBINED)(line) == {"status": status}


@pytest.mark.parametrize("line", ["", "nginx: [warn] x", "1.0\t200\t-", "1.0\t20\t-\t-\t/"])
def test_a_line_of_another_format_is_none_of_its_lines(line: str) -> None:
    assert reader_of(OURS)(line) is None


def test_a_retried_request_keeps_its_lists_where_spaces_separate() -> None:
    form = LogFormat("spaces", "$remote_addr $upstream_addr $upstream_status $status $host")
    line = "1.2.3.4 10.0.0.5:80, 10.0.0.6:80 : 10.0.0.7:80 502, 504 : 200 200 shop.example"
    assert reader_of(form)(line) == {
        "upstream_addr": "10.0.0.5:80, 10.0.0.6:80 : 10.0.0.7:80",
        "upstream_status": "502, 504 : 200",
        "status": "200",
    }


def test_a_request_that_nginx_answered_itself_has_no_upstream() -> None:
    form = read_format(["j", "escape=json", '{"s":"$status","a":"$upstream_addr"}'])
    assert reader_of(form)('{"s":"304","a":""}') == {"status": "304", "upstream_addr": ""}


def test_what_nginx_means_by_a_backslash_is_meant_here() -> None:
    form = read_format(["up", r"$msec\t$status", r"\"\'\\n\x"])
    assert form.text == "$msec\t$status\"'\\n\\x"


def test_names_in_braces_and_in_capitals_are_the_same_variables() -> None:
    assert LogFormat("x", "a${status}b$Upstream_Addr$").variables == {"status", "upstream_addr"}
    assert LogFormat("x", "${status}s").pieces[0] == Variable("status")


@pytest.mark.parametrize("escape", Escape)
def test_a_hostile_line_takes_no_time(escape: Escape) -> None:
    form = LogFormat("free", "$http_a $http_b $http_c $http_d $status $http_e!", escape)
    began = time.perf_counter()
    assert reader_of(form)("1 200 " * 10_000) is None
    assert time.perf_counter() - began < 1.0
