"""Where something stands in the user's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from composeroll.config.source import locate

BASE = """\
version: '2'
services:
  app:
    image: app
    container_name: the-app  # line 5
"""
OVERRIDE = """\
services:
  app:
    networks:
      front: {ipv4_address: 10.0.0.9}
"""
NAME = ["services", "app", "container_name"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    base, override = tmp_path / "base.yml", tmp_path / "override.yml"
    base.write_text(BASE, encoding="utf-8")
    override.write_text(OVERRIDE, encoding="utf-8")
    return base, override


def test_a_key_is_found_with_its_line(files: tuple[Path, Path]) -> None:
    assert locate(files, NAME) == f"{files[0]}:5"


def test_of_several_files_the_last_that_has_it_counts(files: tuple[Path, Path]) -> None:
    files[1].write_text(OVERRIDE + "    container_name: other\n", encoding="utf-8")
    assert locate(files, NAME) == f"{files[1]}:5"


def test_a_key_in_a_flow_mapping_is_found(files: tuple[Path, Path]) -> None:
    keys = ["services", "app", "networks", "front", "ipv4_address"]
    assert locate(files, keys) == f"{files[1]}:4"


@pytest.mark.parametrize("keys", [["services", "app", "ports"], [*NAME, "deeper"], ["volumes"]])
def test_what_no_file_has_is_told_by_its_keys(files: tuple[Path, Path], keys: list[str]) -> None:
    assert locate(files, keys) == ".".join(keys)


def test_files_that_cannot_be_read_are_passed_over(files: tuple[Path, Path]) -> None:
    broken = files[0].with_name("broken.yml")
    broken.write_bytes(b"services: {\xff")
    missing = files[0].with_name("missing.yml")
    assert locate([*files, broken, missing], NAME) == f"{files[0]}:5"
