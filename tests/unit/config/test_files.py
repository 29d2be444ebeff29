"""Which files compose reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from composeroll.config.files import DEFAULT_FILES, compose_files, env_files, name_separator


def test_given_files_beat_the_environment_and_that_beats_the_default_names(
    tmp_path: Path,
) -> None:
    below = tmp_path / "deep" / "below"
    below.mkdir(parents=True)
    for name in DEFAULT_FILES:
        (tmp_path / name).touch()
    environ = {"COMPOSE_FILE": "a.yml:b.yml"}
    assert compose_files(["c.yml"], environ, [], below) == (Path("c.yml"),)
    assert compose_files([], environ, [], below) == (Path("a.yml"), Path("b.yml"))
    windows = environ | {"COMPOSE_PATH_SEPARATOR": ";"}
    assert compose_files([], windows, [], below) == (Path("a.yml:b.yml"),)
    assert compose_files([], {}, [], below) == (tmp_path / "compose.yaml",)


def test_the_files_that_the_environment_file_names_are_those_that_compose_reads(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("COMPOSE_FILE=a.yml;b.yml\nCOMPOSE_PATH_SEPARATOR=';'\n")
    written = env_files([], {}, tmp_path)
    assert compose_files([], {}, written, tmp_path) == (Path("a.yml"), Path("b.yml"))
    environ = {"COMPOSE_FILE": "c.yml"}
    assert compose_files([], environ, written, tmp_path) == (Path("c.yml"),)


@pytest.mark.parametrize(
    ("there", "read"),
    [
        (["docker-compose.yaml", "docker-compose.yml"], ["docker-compose.yml"]),
        (["compose.yml", "compose.override.yaml"], ["compose.yml", "compose.override.yaml"]),
        (
            ["compose.yaml", "compose.override.yml", "docker-compose.override.yml"],
            ["compose.yaml", "compose.override.yml"],
        ),
        (["compose.override.yml"], []),
    ],
)
def test_the_file_of_a_default_name_is_read_with_its_override(
    tmp_path: Path, there: list[str], read: list[str]
) -> None:
    for name in there:
        (tmp_path / name).touch()
    assert compose_files([], {}, [], tmp_path) == tuple(tmp_path / name for name in read)


@pytest.mark.parametrize(
    ("environ", "written", "separator"),
    [
        ({}, "", "-"),
        ({"COMPOSE_COMPATIBILITY": "true"}, "", "_"),
        ({"COMPOSE_COMPATIBILITY": "0"}, "COMPOSE_COMPATIBILITY=1", "-"),
        ({}, "A=1\nexport COMPOSE_COMPATIBILITY=1  # mine\n", "_"),
        ({}, "# COMPOSE_COMPATIBILITY=1\n", "-"),
    ],
)
def test_names_are_made_as_compose_makes_them(
    tmp_path: Path, environ: dict[str, str], written: str, separator: str
) -> None:
    (tmp_path / ".env").write_text(written, encoding="utf-8")
    assert name_separator(environ, env_files([], {}, tmp_path)) == separator


def test_an_environment_file_that_is_named_takes_the_place_of_the_projects_own() -> None:
    assert env_files(["a", "b"], {"COMPOSE_ENV_FILES": "c"}, Path("/")) == (Path("a"), Path("b"))
    assert env_files([], {"COMPOSE_ENV_FILES": "c,d"}, Path("/")) == (Path("c"), Path("d"))
    assert env_files([], {}, Path("/srv")) == (Path("/srv/.env"),)
