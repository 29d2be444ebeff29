"""The history's texts on the engine."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.connection import Api
from composeroll.engine.ledger import ROOT, VOLUME, Ledger
from composeroll.errors import EngineError


def test_where_nothing_was_ever_written_reading_makes_nothing() -> None:
    asked: list[str] = []

    def get(path: str, **_: object) -> Answer:
        asked.append(path)
        return Answer(404)

    # it can do nothing else: whoever creates a container here fails
    api = cast("Api", SimpleNamespace(get=get))
    assert not Ledger(api, lambda: None).read("shop", "app")
    assert asked == [f"/volumes/{VOLUME}"]


@dataclass
class Volume:
    """An engine with the history's volume in it, which containers lead to.

    Attributes:
        full: whether there is no room for another text.
    """

    containers: list[str] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    made: int = 0
    full: bool = False

    def get(self, path: str, query: Mapping[str, str] | None = None, **_: object) -> Answer:
        """A file, or whether the volume is there."""
        if path.startswith("/volumes/"):
            return Answer(200)
        if path.split("/")[2] not in self.containers:
            return Answer(404, b'{"message": "No such container"}')
        text = self.texts.get((query or {})["path"])
        return Answer(404) if text is None else Answer(200, _archive(text))

    def post(self, *_: object, **__: object) -> Answer:
        """A new container."""
        self.made += 1
        self.containers.append(f"made-{self.made}")
        return Answer(201, b'{"Id": "%s"}' % self.containers[-1].encode())

    def send(
        self,
        method: str,
        path: str,
        _query: object = None,
        body: bytes = b"",
        _headers: object = None,
        *,
        fine: Collection[int] = (),
    ) -> Answer:
        """A file into a container, or the container away."""
        container = path.split("/")[2]
        if container not in self.containers or self.full:
            return Answer(500 if self.full else 404).require(path, fine)
        if method == "DELETE":
            self.containers.remove(container)
        else:
            self.texts |= _files(body)
        return Answer(200)


def _archive(text: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("text")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return archive.getvalue()


def _files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found: dict[str, Any] = {f"{ROOT}/{m.name}": tar.extractfile(m) for m in tar if m.isreg()}
        return {path: file.read() for path, file in found.items()}


@pytest.mark.parametrize("at_hand", ["a lock", "a lock that was pruned", None])
def test_texts_come_and_go_through_a_container_that_is_there_and_none_is_left(
    at_hand: str | None,
) -> None:
    engine = Volume(["a lock"])
    ledger = Ledger(cast("Api", engine), lambda: at_hand)
    ledger.write("shop", "app", "revision 1")
    assert ledger.read("shop", "app") == "revision 1"
    assert not ledger.read("shop", "api")
    assert engine.containers == ["a lock"]
    assert bool(engine.made) == (at_hand != "a lock")


def test_a_text_for_which_there_is_no_room_is_an_error() -> None:
    engine = Volume(["a lock"], full=True)
    with pytest.raises(EngineError):
        Ledger(cast("Api", engine), lambda: "a lock").write("shop", "app", "revision 1")
