"""The include as text: golden, and back again."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.errors import GatewayError, Interrupted, SettingsError
from composeroll.model import Server, Upstream
from composeroll.nginx.include import (
    added_by,
    parse_include,
    render_include,
    with_servers,
    with_stand_in,
    written_by,
)

PREVIOUS = Upstream(
    "backend",
    servers=(
        Server("php-fpm:9000", ("resolve", "max_fails=3", "weight=2")),
        Server("10.0.0.9:9000", ("max_fails=3", "max_conns=9")),
        Server("127.0.0.1:81", ("backup",)),
    ),
    directives=("least_conn", "zone backend 64k", "keepalive 32"),
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-.", min_size=1)


def test_the_include_reads_like_this() -> None:
    upstream = with_servers(
        PREVIOUS,
        [("10.0.0.5:9000", "staging-php-fpm-3 0123456789ab"), ("[fd00::5]:9000", "")],
    )
    assert render_include(upstream, "staging", "php-fpm") == (
        "# composeroll: upstream of service php-fpm in project staging;"
        " rewritten at every rollout\n"
        "upstream backend {\n"
        "    least_conn;\n"
        "    zone backend 64k;\n"
        "    keepalive 32;\n"
        "    server 10.0.0.5:9000 max_fails=3;  # staging-php-fpm-3 0123456789ab\n"
        "    server [fd00::5]:9000 max_fails=3;\n"
        "}\n"
    )


def test_a_variable_in_braces_ends_its_word_as_without_them() -> None:
    """Read as one word with what follows it, it would lose the flag `consistent`."""
    text = "upstream app { hash $uri${remote_addr} consistent; server app:80; }"
    read = parse_include(text)
    assert read is not None
    rendered = render_include(read, "staging", "app")
    assert "    hash $uri$remote_addr consistent;\n" in rendered


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("", frozenset[str]()),
        ("server 127.0.0.1:81 backup;", {"127.0.0.1:81"}),
        ("server spare:80 backup; server 192.0.2.1:80 down;", {"spare:80"}),
        ("map $a $b {}", frozenset[str]()),
        ("{{ nothing }}", frozenset[str]()),
    ],
)
def test_what_a_template_names_by_itself_is_known(
    tmp_path: Path, own: str, added: frozenset[str]
) -> None:
    template = tmp_path / "upstream.conf.j2"
    each = "{% for s in upstream.servers %}server {{ s.address }};{% endfor %}"
    template.write_text(f"upstream {{{{ upstream.name }}}} {{\n{each}\n{own}\n}}\n")
    found = added_by(str(template), PREVIOUS, "staging", "php-fpm")
    assert {server.address for server in found} == added


@given(WORDS, WORDS)
def test_our_first_line_tells_project_and_service(project: str, service: str) -> None:
    assert written_by(render_include(PREVIOUS, project, service)) == (project, service)


@pytest.mark.parametrize("text", ["", "upstream b {}", "# composeroll: something else\n"])
def test_another_first_line_is_not_ours(text: str) -> None:
    assert written_by(text) is None


def test_what_is_rendered_is_read_back_the_same() -> None:
    block = "balancer_by_lua_block {\n local x = {}\n}"
    upstream = Upstream("b", (Server("a:1", ("weight=2",), "a-1 abc"),), ("zone b 1m", block))
    assert parse_include(render_include(upstream, "p", "s")) == upstream


@pytest.mark.parametrize("text", ["", "upstream a {} upstream b {}", "server {}", "upstream a {"])
def test_a_file_that_is_not_one_upstream_is_no_include(text: str) -> None:
    assert parse_include(text) is None


def test_while_nobody_answers_port_and_parameters_are_kept() -> None:
    nobody = with_stand_in(with_stand_in(PREVIOUS, 9000), 9000)
    assert nobody.servers == (Server("224.0.0.0:9000", ("max_fails=3", "down")),)
    assert nobody.directives == PREVIOUS.directives
    back = with_servers(nobody, [("10.0.0.5:9000", "")])
    assert back.servers == (Server("10.0.0.5:9000", ("max_fails=3",)),)


def test_an_upstream_without_servers_is_never_rendered() -> None:
    with pytest.raises(GatewayError, match="no server"):
        render_include(with_servers(PREVIOUS, []), "staging", "php-fpm")


@pytest.mark.parametrize(
    ("zone", "servers", "grown"),
    [
        ("zone b 64k", 40, "zone b 64k"),
        ("zone b 64k", 41, "zone b 256k"),
        ("zone b 65536", 41, "zone b 256k"),
        ("zone b 1m", 41, "zone b 1m"),
        ("zone b", 41, "zone b"),
    ],
)
def test_a_zone_grows_with_its_servers(zone: str, servers: int, grown: str) -> None:
    many = [(f"10.0.0.{number}:80", "") for number in range(servers)]
    assert with_servers(Upstream("b", (), (zone,)), many).directives == (grown,)


def test_a_users_template_still_begins_with_our_line(tmp_path: Path) -> None:
    template = tmp_path / "mine.conf"
    template.write_text(
        "upstream {{ upstream.name }} { server {{ upstream.servers[0].address }}; }"
    )
    text = render_include(PREVIOUS, "staging", "php-fpm", str(template))
    assert written_by(text) == ("staging", "php-fpm")
    assert text.endswith("upstream backend { server php-fpm:9000; }")


@pytest.mark.parametrize(
    "body",
    [
        "{{ upstream.nmae }}",
        "{% if %}",
        None,
        "{{ 1 // 0 }}",
        "{{ upstream.name + 1 }}",
        b"caf\xe9",
    ],
)
def test_a_template_that_cannot_be_used_is_a_wrong_setting(
    tmp_path: Path, body: str | bytes | None
) -> None:
    template = tmp_path / "mine.conf"
    if body is not None:
        template.write_bytes(body.encode() if isinstance(body, str) else body)
    with pytest.raises(SettingsError, match=r"mine\.conf cannot be used"):
        render_include(PREVIOUS, "staging", "php-fpm", str(template))


def test_a_signal_that_comes_amid_a_template_is_no_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> str:
        raise Interrupted("interrupted by SIGINT", signum=2)

    monkeypatch.setattr(jinja2.Environment, "get_template", interrupted)
    with pytest.raises(Interrupted):
        render_include(PREVIOUS, "staging", "php-fpm", str(tmp_path / "mine.conf"))
