"""What holds after a rollout that was right, each claim by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from tests.e2e.harness import docker
from tests.e2e.harness.docker import Container
from tests.e2e.harness.recipe import INCLUDES
from tests.e2e.harness.stack import Stack
from tests.load import Kind, Result, render
from tests.load.samples import Sample

ADDRESS = re.compile(r"^\s*server\s+(\S+):\d+[ ;]", re.MULTILINE)


def nothing_was_lost(result: Result) -> None:
    """Not one request failed, and there were some."""
    marks = ("began", "ended") if result.marks else (None, None)
    assert result.total > 0
    assert not result.failures(), render(result, *marks)


def the_version_changed(result: Result, old: str, new: str) -> None:
    """The old version alone answered before the update, the new one alone after it.

    Every good answer says whose it is, but for a websocket's, which need not.
    """
    before, during, after = result.phases("began", "ended")
    assert set(result.versions(before)) == {old}
    assert set(result.versions(during)) <= {old, new}
    assert set(result.versions(after)) == {new}
    assert not any(map(_is_nameless, result.samples.rows()))


def _is_nameless(row: Sample) -> bool:
    return not (row.version or row.outcome or row.kind == Kind.WEBSOCKET)


def all_are_new(stack: Stack, service: str, before: Collection[Container], count: int) -> None:
    """There are `count` replicas, all running, none from before, all of the image's new ID."""
    replicas = stack.containers(service)
    assert [c.state for c in replicas] == ["running"] * count
    assert not {c.id for c in replicas} & {c.id for c in before}
    assert {c.image for c in replicas} == {docker.image_id(stack.reference(service))}


def nginx_started_last(stack: Stack, *services: str) -> None:
    """Every nginx was started after every replica of these services."""
    nginx = [datetime.fromisoformat(c.started) for c in stack.gateways]
    others = [datetime.fromisoformat(c.started) for c in stack.containers(*services)]
    assert min(nginx) > max(others), (nginx, others)


def names_count_from_one(stack: Stack, service: str) -> None:
    """The replicas are called 1 to N."""
    names = [c.name for c in stack.containers(service)]
    assert names == [f"{stack.project}-{service}-{n}" for n in range(1, len(names) + 1)]


def the_include_names_exactly_the_replicas(stack: Stack, service: str) -> None:
    """In every gateway, the upstream has one server for each replica, and no other."""
    replicas = stack.containers(service)
    for text in stack.includes(service):
        named = ADDRESS.findall(text)
        assert len(named) == len(set(named)) == len(replicas), text
        assert all(c.addresses & set(named) for c in replicas), text


def others_were_not_touched(
    stack: Stack, services: Sequence[str], before: Collection[Container]
) -> None:
    """Every container of other services is the one it was, and was not started again."""
    others = [c for c in before if c.service not in services]
    assert [c for c in stack.containers() if c.service not in services] == others


def compose_has_nothing_to_do(stack: Stack, *services: str) -> None:
    """A plain `docker compose up -d` of these services says of each container that it runs."""
    done = stack.compose(
        "--progress", "json", "--dry-run", "up", "--detach", "--no-deps", *services
    )
    rows = [json.loads(row) for row in done.stderr.splitlines() if row.startswith("{")]
    about = (row for row in rows if row.get("id", "").startswith("Container"))
    said = {row["id"]: row.get("text") or row["status"] for row in about}
    assert set(said.values()) == {"Running"}, str(done)


@dataclass(frozen=True)
class Before:
    """A stack as it was: its containers, the files beside its includes, its tags."""

    containers: tuple[Container, ...]
    files: tuple[frozenset[str], ...]
    tags: frozenset[str]

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """The stack as it is now."""
        with stack.at_rest():
            files = tuple(frozenset(docker.files(g.id, INCLUDES)) for g in stack.gateways)
            return cls(stack.containers(), files, docker.tags_of(stack.registry))

    def count(self, service: str) -> int:
        """How many containers the service had."""
        return sum(container.service == service for container in self.containers)

    @property
    def volumes(self) -> set[str]:
        """The volumes that its containers mount."""
        return {volume for container in self.containers for volume in container.volumes}


def nothing_is_left_over(stack: Stack, before: Before) -> None:
    """No file beside the includes, no tag, container or volume is there that nobody needs."""
    now = Before.of(stack)
    assert now.files == before.files
    assert now.tags <= {stack.reference(service) for service in stack.recipe.images}
    assert docker.names_with(stack.project) == {container.name for container in now.containers}
    assert not (before.volumes - now.volumes) & docker.volumes()
