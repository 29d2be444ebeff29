"""Both of apt's notations lead to the machine's own mirror."""

from __future__ import annotations

from pathlib import Path

from tests.bed import apt

ONE_LINE = """\
# deb http://commented.test/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/own.gpg] http://mirror.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb http://other.test/debian bookworm-updates main
"""
STANZAS = """\
Types: deb deb-src
# a comment in the middle, as Debian's own images have it
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/own.gpg

Types: deb
URIs: http://off.test/debian
Suites: bookworm
Enabled: no

Types: deb
URIs: http://inline.test/debian
Suites: trixie
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----
"""
KEY = "/usr/share/keyrings/own.gpg"


def test_one_line_sources_are_read_with_their_key() -> None:
    assert list(apt.one_line_sources(ONE_LINE)) == [
        apt.Source("http://mirror.test/debian", ("bookworm",), KEY),
        apt.Source("http://other.test/debian", ("bookworm-updates",), None),
    ]


def test_stanzas_are_read_with_their_suites_and_those_turned_off_are_not() -> None:
    assert list(apt.deb822_sources(STANZAS)) == [
        apt.Source("http://mirror.test/debian", ("bookworm", "bookworm-updates"), KEY),
        apt.Source("http://inline.test/debian", ("trixie",), None),
    ]


def test_sources_come_from_every_file_apt_reads_and_from_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(STANZAS, encoding="utf-8")
    (folder / "extra.list").write_text(ONE_LINE, encoding="utf-8")
    (folder / "extra.list.disabled").write_text(ONE_LINE, encoding="utf-8")
    assert len(list(apt.sources(tmp_path))) == 4
