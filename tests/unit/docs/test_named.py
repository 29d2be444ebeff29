"""What the pages name, to be typed or looked up, is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from composeroll.cli.group import VERBS
from composeroll.cli.main import composeroll
from composeroll.config.settings import Settings
from composeroll.config.values import SETTINGS
from composeroll.rollout import steps
from tests.long.__main__ import RUNS
from tests.unit.docs.pages import PAGES, ROOT

TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}

each_page = pytest.mark.parametrize("name", TEXTS)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@each_page
def test_a_link_into_a_page_leads_to_a_heading_of_it(name: str) -> None:
    here = (ROOT / name).parent
    for file, anchor in re.findall(r"\]\(([^):#\s]*)#([^)\s]+)\)", TEXTS[name]):
        page = (here / file).read_text(encoding="utf-8") if file else TEXTS[name]
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert anchor in map(slug, headings), f"{file}#{anchor}"


@each_page
def test_a_target_of_make_is_in_the_makefile(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^ *|`)make ([a-z-]+)", TEXTS[name], re.MULTILINE)) <= targets


@each_page
def test_a_module_to_run_is_there_and_a_long_run_has_that_name(name: str) -> None:
    for module, word in re.findall(r"python3? -m ((?:tests|benchmarks)[\w.]*) ?(\w*)", TEXTS[name]):
        assert (ROOT / module.replace(".", "/") / "__main__.py").exists(), module
        assert module != "tests.long" or word in RUNS, word
    runs = re.findall(r'RUNS="([^"]+)"', TEXTS[name])
    assert {run for listed in runs for run in listed.split()} <= RUNS.keys()


def flags(command: click.Command) -> set[str]:
    """Those of a verb, and of the verbs below it."""
    found = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
    if isinstance(command, click.Group):
        found |= {flag for one in command.commands.values() for flag in flags(one)}
    return found | {"--help"}


def commands(text: str) -> Iterator[list[str]]:
    """The words of every composeroll that is to be typed."""
    code = re.findall(r"^```\w*$(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.partition(" #")[0] for block in code for line in block.splitlines()]
    for said in (*lines, *re.findall(r"`([^`\n]+)`", text)):
        if found := re.search(r"(?:^|[ /])composeroll ([^`]+)$", said):
            yield found[1].split()


@each_page
def test_a_command_has_the_verb_and_the_flags_that_it_is_shown_with(name: str) -> None:
    context = click.Context(composeroll)
    for words in commands(TEXTS[name]):
        verb = next((word for word in words if word in VERBS), None)
        assert verb or not words[0].isalpha(), words
        if verb and (command := composeroll.get_command(context, verb)):
            shown = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
            assert shown <= flags(command), words


ROWS = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \| (.+?) \|", TEXTS["docs/settings.md"], re.MULTILINE)


@pytest.mark.parametrize(("key", "default", "example"), [row for row in ROWS if row[0] in SETTINGS])
def test_a_default_is_what_the_page_says_and_its_examples_are_taken(
    key: str, default: str, example: str
) -> None:
    read = SETTINGS[key].read
    for said in re.findall(r"`([^`]+)`", example):
        read(said)
    own: object = Settings()
    for part in key.split("."):
        own = getattr(own, part)
    if said := re.match(r"`([^`]+)`", default):
        assert own in (read(said[1]), None)
    else:
        assert own is None


PARTS = re.findall(r"`((?:\w+/)+\w+\.py)`", TEXTS["docs/architecture.md"])
NAMES = re.findall(r"^ *\| `([A-Z]\w+)`", TEXTS["docs/architecture.md"], re.MULTILINE)


@pytest.mark.parametrize("part", sorted(set(PARTS)))
def test_a_file_that_the_architecture_names_is_there(part: str) -> None:
    product = ROOT / "composeroll"
    assert any((room / part).exists() for room in (product, product / "rollout"))


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_a_step_that_the_architecture_names_is_one(name: str) -> None:
    assert issubclass(getattr(steps, name), steps.Step)


ROOMS = re.findall(
    r"^\| `([a-z_/]+)` \| ((?:`\w+\.py`(?:, )?)+) \|", TEXTS["docs/architecture.md"], re.MULTILINE
)


@pytest.mark.parametrize(("room", "files"), ROOMS)
def test_a_room_begins_with_the_files_that_the_architecture_says(room: str, files: str) -> None:
    import_module(f"composeroll.{room.replace('/', '.')}")
    for file in re.findall(r"`([^`]+)`", files):
        assert (ROOT / "composeroll" / room / file).exists(), file


def test_the_tables_that_these_tests_read_are_found() -> None:
    assert all((ROWS, PARTS, NAMES, ROOMS))
    assert any(words for text in TEXTS.values() for words in commands(text))
