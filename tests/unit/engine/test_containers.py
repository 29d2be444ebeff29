"""Which of a project's containers are replicas."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from composeroll.engine.api.answer import Answer
from composeroll.engine.containers import Containers
from composeroll.engine.inspection import CONFIG_HASH, ONE_OFF, PROJECT, SERVICE

RECORDED = json.loads((Path(__file__).parent / "recorded" / "container.json").read_text("utf-8"))
OURS = {PROJECT: "shop", SERVICE: "web"}
LISTED = {
    "replica": {**OURS, CONFIG_HASH: "f00d", ONE_OFF: "False"},
    "of compose run": {**OURS, CONFIG_HASH: "f00d", ONE_OFF: "True"},
    "of a pre_start": OURS,
}


class Engine:
    """An engine that heeds filters by label, as far as they are asked for."""

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, fine: Collection[int] = ()
    ) -> Answer:
        """A list, or one container."""
        del fine
        if path != "/containers/json":
            name = path.split("/")[2]
            return Answer(200, json.dumps({**RECORDED, "Id": name}).encode())
        wanted = json.loads((query or {})["filters"])["label"]
        said: list[dict[str, Any]] = [
            {"Id": name, "Labels": labels}
            for name, labels in LISTED.items()
            if all(label in labels or label in map("=".join, labels.items()) for label in wanted)
        ]
        return Answer(200, json.dumps(said).encode())


def test_what_compose_makes_beside_a_services_replicas_is_none_of_them() -> None:
    """A hook's container bears project and service, and no hash: so compose leaves it out, too."""
    found = Containers(cast("Any", Engine())).replicas("shop")
    assert [replica.id for replica in found] == ["replica"]
