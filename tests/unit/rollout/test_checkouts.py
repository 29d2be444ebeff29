"""One project, driven from two directories."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from composeroll.config.files import project_directory
from composeroll.model import Finding, Severity
from composeroll.rollout.checks.checkouts import checkout_findings
from tests.unit.rollout.makers import replica, service, state

HERE, THERE = "/srv/here", "/builds/17/there"
BESIDE = {"type": "bind", "source": f"{HERE}/site", "target": "/site"}


def found(made_from: str, *volumes: dict[str, str]) -> list[Finding]:
    made = [replace(replica(number), made_from=made_from) for number in (1, 2)]
    return list(checkout_findings(state(made, of=service(volumes=[*volumes])), HERE))


def test_a_mount_beside_the_file_is_another_path_from_another_checkout() -> None:
    (warning,) = found(THERE, BESIDE)
    assert warning.severity is Severity.WARNING
    assert f"shop-app-1 was created from {THERE}, and does not mount {HERE}/site" in warning.what
    assert warning.help.endswith(f"--project-directory {THERE}")


def test_from_where_it_was_made_nothing_is_wrong() -> None:
    assert found(HERE, BESIDE) == []
    assert found("", BESIDE) == []


@pytest.mark.parametrize("source", ["/etc/site", "/srv/here-too/site"])
def test_what_lies_elsewhere_is_the_same_from_everywhere(source: str) -> None:
    elsewhere = {"type": "bind", "source": source, "target": "/site"}
    volume = {"type": "volume", "source": "data", "target": "/data"}
    assert found(THERE, elsewhere, volume) == []


def test_a_link_to_the_directory_is_the_directory(tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "17")
    (tmp_path / "17").mkdir()
    bound = [{"type": "bind", "source": f"{link}/site", "target": "/site"}]
    made = replace(replica(1), made_from=str(tmp_path / "17"))
    assert list(checkout_findings(state([made], of=service(volumes=bound)), str(link))) == []


def test_relative_paths_count_from_the_first_file_or_the_given_directory() -> None:
    files = [Path("/a/compose.yml"), Path("/b/more.yml")]
    assert project_directory(None, files) == Path("/a")
    assert project_directory("/c", files) == Path("/c")
    assert project_directory(None, [Path("compose.yml")]) == Path.cwd()
    assert project_directory(None, []) == Path.cwd()
