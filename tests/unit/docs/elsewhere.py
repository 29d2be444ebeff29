"""What hurts users of other tools, as their issues tell it, and what must hold here instead."""

from __future__ import annotations

import re
from typing import NamedTuple


class Row(NamedTuple):
    """One failure elsewhere.

    Attributes:
        source: the tool and its issues; `ran` and a few words where it was seen by running it.
        failure: what happens to its users.
        holds: what must hold here.
    """

    source: str
    failure: str
    holds: str

    @property
    def key(self) -> str:
        """What the names of its tests begin with, after `test_`."""
        return re.sub(r"\W+", "_", self.source.lower()).strip("_")


ROWS = tuple(
    Row(*row)
    for row in (
        (
            "docker-rollout #14",
            "502s behind a plain nginx",
            "no request fails under load",
        ),
        (
            "docker-rollout #20, #62",
            "an exited container is started again on the old image",
            "leftovers go; every new replica has the new image",
        ),
        (
            "docker-rollout, ran: a crash without HEALTHCHECK",
            "ends with 0, and nothing runs",
            "ends with 1, and the old replicas serve",
        ),
        (
            "docker-rollout #10",
            "a dependency scaled to 2 falls back to 1",
            "other services are not touched",
        ),
        (
            "docker-rollout #25",
            "Ctrl-C leaves twice as many, and the next run keeps them",
            "stopped at any step, the same command reaches N",
        ),
        (
            "docker-rollout, ran: two at once",
            "one fails, one succeeds, four containers stay",
            "the second is told who holds the lock",
        ),
        (
            "docker-rollout #38",
            "the first rollout does not wait for the healthcheck",
            "the first start is proven too",
        ),
        (
            "docker-rollout #21, #32, #36",
            "a container that stops still gets requests",
            "out of the upstream before SIGTERM",
        ),
        (
            "docker-rollout #15",
            "`unhealthy` is matched as `healthy`",
            "states are parsed, and the check is run again",
        ),
        (
            "docker-rollout #27, #28",
            "what dies right after its first good answer is taken",
            "`settle`: it must stay up, and answer once more",
        ),
        (
            "docker-rollout #46, #47, #51",
            "a failed check says nothing",
            "its output and the last log lines are shown",
        ),
        (
            "docker-rollout #31",
            "images of another name: the old one is used",
            "image IDs are compared",
        ),
        (
            "docker-rollout #5, #11, #13, #17, #54",
            "profiles, env files, contexts, project names get lost",
            "compose's global flags are handed on",
        ),
        (
            "docker-rollout #48, #49",
            "one service a run",
            "`update a b`, `update --all`",
        ),
        (
            "docker-rollout #45",
            "another number of replicas means downtime",
            "`scale` goes the same way",
        ),
        (
            "docker-rollout #66",
            "doubling takes twice the memory",
            "`batch` bounds what runs beside the old ones",
        ),
        (
            "kamal #1041, kamal-proxy #71",
            "“failed to become healthy”, at random and without a reason",
            "last status and body are shown; accepted codes and Host header are settings",
        ),
        (
            "kamal #656, #1517, #1930",
            "a lock stays after Ctrl-C, or is dropped too early",
            "it says who, since when and what releases it; it is held to the very end",
        ),
        (
            "kamal #450",
            "interrupted deploys leave containers",
            "what was begun is undone",
        ),
        (
            "docker-orchestrate #64, #66",
            "renames collide with more than one replica",
            "names count from 1 after every round, with three replicas too",
        ),
        (
            "docker-orchestrate #55",
            "no HEALTHCHECK counts as healthy",
            "the port is asked",
        ),
        (
            "watchtower #90, #444, #542",
            "no way back; a container vanishes after an error",
            "undone; nothing is removed that still serves",
        ),
        (
            "nginx-proxy #1289",
            "stale addresses after a restart: 502",
            "`sync`, and the gateway image's boot default",
        ),
        (
            "ingress-nginx #1088",
            "websockets are cut, or old workers pile up",
            "waited for or let go in time, with the application's own goodbye",
        ),
        (
            "swarm, moby #30321, #37972",
            "connections dropped; a rollback stops the good one",
            "a replica stops when its last request has ended; what served keeps serving",
        ),
        (
            "argo #4390, #4534",
            "the new version is removed while requests still go to it",
            "the way back waits until they have ended",
        ),
        (
            "dokku #5435",
            "one of several services fails: the site is down",
            "all of the services named, or none",
        ),
        (
            "compose #3982",
            "a failed scale leaves a container that cannot start",
            "it is removed",
        ),
    )
)
