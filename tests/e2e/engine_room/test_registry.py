"""Images on a real engine, and the registry they come from."""

from __future__ import annotations

import re
import socket

import pytest

from composeroll.engine.compose.words import PullLine
from composeroll.engine.engine import Engine
from composeroll.errors import EngineUnreachable, Refused
from tests.bed import registry
from tests.e2e.engine_projects import Alarm, Project, alarm_after, docker, processes_about

pytestmark = pytest.mark.e2e


def pushed(project: Project, version: str) -> str:
    """A reference at the bed's registry that names a fresh image; the image is not here."""
    reference = f"{registry.ADDRESS}/{project.name}:staging"
    docker("tag", project.image(version, f"LABEL version={version}"), reference)
    docker("push", "--quiet", reference)
    docker("rmi", reference)
    return reference


@pytest.mark.parametrize("reference", ["app:", "app:1 ", "bé:1", "App", "composeroll-e2e/none:1"])
def test_what_names_no_image_here_is_none(local: Engine, reference: str) -> None:
    assert local.image(reference) is None


def test_a_pull_moves_the_tag_and_tells_its_progress(project: Project, local: Engine) -> None:
    reference = pushed(project, "1")
    project.service(image=reference)
    lines: list[PullLine] = []
    local.pull({"app": reference}, lines.append)
    first = local.image(reference)
    assert first is not None
    assert any("Pulled" in line.state for line in lines)
    assert first.digests == (f"{reference.rsplit(':', 1)[0]}@{local.registry_digest(reference)}",)
    pushed(project, "2")
    assert not any(local.registry_digest(reference) in digest for digest in first.digests)
    local.pull({"app": reference}, lines.append)
    assert local.image_id(reference) not in (None, first.id)


def test_a_tag_that_was_never_pushed_is_refused(project: Project, local: Engine) -> None:
    reference = f"{registry.ADDRESS}/{project.name}:nope"
    project.service(image=reference)
    with pytest.raises(Refused, match="manifest unknown"):
        local.pull({"app": reference}, lambda _: None)
    with pytest.raises(Refused, match="manifest unknown"):
        local.registry_digest(reference)


def test_a_registry_that_is_down_is_named_as_unreachable(project: Project, local: Engine) -> None:
    with socket.socket() as taken:  # nobody else listens there, nor does this one
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        project.service(image=f"{host}/app:1")
        for ask in (
            lambda: local.pull({"app": f"{host}/app:1"}, lambda _: None),
            lambda: local.registry_digest(f"{host}/app:1"),
        ):
            with pytest.raises(EngineUnreachable, match=re.escape(f"registry {host} does not")):
                ask()


def test_an_interrupted_pull_leaves_no_process_behind(project: Project, local: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reference = f"127.0.0.1:{silent.getsockname()[1]}/app:1"
        project.service(image=reference)
        with pytest.raises(Alarm), alarm_after(0.5):
            local.pull({"app": reference}, lambda _: None)
    assert not processes_about(f"-p {project.name}")


def test_a_tag_can_be_given_and_taken(project: Project, local: Engine) -> None:
    reference = project.image("1", "LABEL v=1")
    local.tag(reference, f"{project.name}:previous")
    assert local.image_id(f"{project.name}:previous") == local.image_id(reference)
    local.untag(f"{project.name}:previous")
    local.untag(f"{project.name}:previous")
    assert local.image_id(f"{project.name}:previous") is None
    assert local.image_id(reference)
