"""The dump of `nginx -T`, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.nginx.configuration.dump import covers, split_dump
from tests.unit.nginx.made import join_dump

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"))


@given(st.lists(TEXTS, min_size=1))
def test_every_files_text_comes_back_to_the_last_newline(texts: list[str]) -> None:
    files = {f"/etc/nginx/{number}.conf": text for number, text in enumerate(texts)}
    assert split_dump(join_dump(files)) == files


def test_a_pasted_head_of_a_file_already_seen_is_content() -> None:
    files = {"/a": "x\n# configuration file /a:\ny\n", "/b": ""}
    assert split_dump(join_dump(files)) == files


@pytest.mark.parametrize(
    ("pattern", "path", "read"),
    [
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/a.conf", True),
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/.a.conf.composeroll", False),
        ("/etc/nginx/sites-enabled/*", "/etc/nginx/sites-enabled/.a.composeroll", False),
        ("/etc/nginx/*.conf", "/etc/nginx/conf.d/a.conf", False),
        ("/etc/nginx/*/[ab].conf", "/etc/nginx/x/b.conf", True),
        ("/etc/nginx/a[1].conf", "/etc/nginx/a[1].conf", True),
    ],
)
def test_an_include_reads_what_glob_would(pattern: str, path: str, *, read: bool) -> None:
    assert covers(pattern, path) is read
