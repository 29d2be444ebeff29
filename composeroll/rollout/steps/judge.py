"""Judge the new replicas by their answers in nginx's access log."""

from __future__ import annotations

from msgspec import Struct

from composeroll.errors import EngineError, GatewayError, NotReady
from composeroll.model import Route
from composeroll.report.events import Noted, Watching
from composeroll.report.wording import FIX
from composeroll.rollout.errors_share import Breach, Limit, Tally, share_of_errors
from composeroll.rollout.steps.sets import Incoming, last_words
from composeroll.rollout.world import World

GLANCE = 1.0
"""Seconds between two readings of the log: nginx writes a buffered log as often (`flush=1s`), and
each reading runs a command in the gateway, or reads its output from the engine."""

UNTOLD = ""
"""The address of an answer if the log does not say which replica gave it."""


class Judged(Struct, frozen=True):
    """The new replicas of one service, and how much of their answers may be 5xx.

    Attributes:
        incoming: the new replicas; all others of the service are old.
        share: the share that may be 5xx (0.05 is 5 %).
        least: how many answers are needed to judge.
    """

    incoming: Incoming
    route: Route
    share: float
    least: int


class Judge:
    """Counts the answers of one service's new replicas from now on."""

    def __init__(self, world: World, judged: Judged) -> None:
        route, service = judged.route, judged.incoming.service
        replicas = {route.address(r): r for r in world.engine.replicas([service])}
        old = frozenset(a for a, r in replicas.items() if r.id in judged.incoming.excluded)
        new, nameless = frozenset(replicas) - old - {""}, frozenset({UNTOLD, route.upstream})
        self._world = world
        self._judged = judged
        self._replicas = {address: replicas[address] for address in new}
        self._tally = Tally(new | nameless)
        self._traffic = world.gateways.traffic(route.containers, route.upstream)
        before = share_of_errors(self._traffic.before, old | nameless, judged.least)
        self._limit = Limit(judged.share, judged.least, before)
        self._deaf = False
        for why in self._traffic.hidden:
            world.emit(Noted(f"5xx answers of {service} are not watched: {why}"))

    def look(self) -> None:
        """Count the answers since the last reading.

        Raises:
            NotReady: more of them are 5xx than allowed.
        """
        self._listen()
        if self._traffic.seen:
            total = self._tally.total
            self._world.emit(Watching(self._judged.incoming.service, total.answers, total.errors))
        if breach := self._tally.verdict(self._limit):
            raise self._too_many(breach)

    def _listen(self) -> None:
        """Read the log; if that fails, report it once: it is not a reason to roll back."""
        try:
            self._tally.take(self._traffic.read())
        except (EngineError, GatewayError) as error:
            if not self._deaf:
                self._world.emit(Noted(f"nginx's log cannot be read now: {error.what}"))
            self._deaf = True

    def conclude(self) -> None:
        """Read the log a last time, and report if there were too few answers to judge.

        Raises:
            NotReady: as `look` does.
        """
        self.look()
        seen = self._tally.total.answers
        if self._traffic.seen and seen < self._judged.least:
            service, least = self._judged.incoming.service, self._judged.least
            self._world.emit(
                Noted(
                    f"{seen} requests reached the new replicas of {service}: too few to judge"
                    f" (min_requests: {least})"
                )
            )

    def _too_many(self, breach: Breach) -> NotReady:
        culprit = self._replicas.get(breach.address)
        who = culprit.name if culprit else f"upstream {self._judged.route.upstream}"
        together = [f"all new replicas of {self._judged.incoming.service}: {breach.total}"]
        return NotReady(
            f"{who} answered {breach.count}; {self._limit}",
            help=f"{FIX}; if that many 5xx are expected, raise max_errors (--max-errors)",
            evidence=(
                *(together if breach.total != breach.count else ()),
                "nginx's last lines of them:",
                *(f"  {line}" for line in breach.lines),
                *(last_words(self._world, culprit) if culprit else ()),
            ),
        )
