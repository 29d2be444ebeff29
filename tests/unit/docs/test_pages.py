"""What can be typed, set or returned is documented."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from composeroll.cli.group import VERBS
from composeroll.config.layers import environment_name
from composeroll.config.values import SETTINGS
from composeroll.errors import ExitCode
from tests.unit.docs.pages import PAGES, ROOT


def page(name: str) -> str:
    """A page of docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def row_heads(text: str) -> set[str]:
    """What stands in the first column of a page's tables."""
    return set(re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE))


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_has_its_row(key: str) -> None:
    assert f"`{key}`" in row_heads(page("settings.md"))


def test_the_page_names_no_setting_that_does_not_exist() -> None:
    dotted = re.findall(r"^\| `((?:ready|drain)\.\w+)` \|", page("settings.md"), re.MULTILINE)
    assert set(dotted) <= set(SETTINGS)


@pytest.mark.parametrize("source", PAGES, ids=lambda page: page.name)
def test_a_path_that_a_page_says_to_set_is_one(source: Path) -> None:
    for said in re.findall(r"`ready\.path:\s+([^`]+)`", source.read_text(encoding="utf-8")):
        assert SETTINGS["ready.path"].read(said)


def test_the_environments_names_follow_the_rule_that_the_page_gives() -> None:
    assert f"`{environment_name('ready.timeout')}`" in page("settings.md")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_row(verb: str) -> None:
    assert any(head.startswith(f"`{verb}") for head in row_heads(page("commands.md")))


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_its_row(code: ExitCode) -> None:
    shown = "128+n" if code is ExitCode.SIGNAL else str(int(code))
    assert shown in row_heads(page("commands.md"))


@pytest.mark.parametrize("source", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(source: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", source.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (source.parent / link).exists()] == []


@pytest.mark.parametrize(
    "name",
    sorted(set(re.findall(r"`((?:cli|config|rollout|report)\.[\w.]+)`", page("architecture.md")))),
)
def test_what_the_architecture_names_is_in_the_code(name: str) -> None:
    module, _, last = f"composeroll.{name}".rpartition(".")
    found = import_module(module)
    if not hasattr(found, last):
        import_module(f"{module}.{last}")
