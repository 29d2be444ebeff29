"""Introduce the rooms to each other: the one place that knows all of them."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING

from composeroll.cli.services import active_services
from composeroll.config.files import project_directory
from composeroll.config.source import locate
from composeroll.engine.compose.reads import shown_services
from composeroll.engine.engine import Engine
from composeroll.nginx.clock import MonotonicClock
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.readiness import Readiness
from composeroll.readiness.visit import Visits
from composeroll.rollout.detached.serving_engine import ServingEngine
from composeroll.rollout.history.book import Book
from composeroll.rollout.images import ComposeImages
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.project_gateways import ProjectGateways
from composeroll.rollout.single_nginx import SingleNginx
from composeroll.rollout.stack import Stack
from composeroll.rollout.survey.look import GatewaySurvey
from composeroll.rollout.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from composeroll.config.flags import ComposeFlags
    from composeroll.config.project import Project
    from composeroll.report.events import Emit


@contextmanager
def assemble(
    project: Project,
    flags: ComposeFlags,
    files: Sequence[Path],
    emit: Emit,
    shield: Callable[[], AbstractContextManager[None]],
    *,
    read_with: ComposeFlags,
    shows_replicas: bool,
) -> Iterator[Stack]:
    """A stack on the real engine and the real nginx.

    `read_with` are the flags that the project was read with; compose's later runs get them too.

    Raises:
        UsageError: the flags name no engine, or two.
    """
    with Engine(read_with, project.name) as engine:
        serving = ServingEngine(engine, engine.locks.now, project.single)
        clock = MonotonicClock()
        gateways = ProjectGateways(engine)
        me = this_process()
        locks = ServiceLocks(engine.locks, project.name, me, clock, emit)
        book = Book(engine.ledger, engine, project.name, me)
        dialers = Dialers(engine, engine.is_local_network)
        readiness = Readiness(engine, dialers, engine.events, emit)
        world = World(
            project=project.name,
            engine=serving,
            gateways=gateways,
            nginx=SingleNginx(engine, Visits(dialers)),
            readiness=readiness,
            events=engine.events,
            clock=clock,
            emit=emit,
            shield=shield,
            lock=locks,
        )
        yield Stack(
            project=project,
            engine=serving,
            images=ComposeImages(engine, book, project, emit),
            survey=GatewaySurvey(gateways, clock),
            world=world,
            locate=lambda keys: locate(files, keys),
            locks=locks,
            book=book,
            directory=str(project_directory(flags.project_directory, files)),
            host=engine,
            active=cache(partial(active_services, project, partial(shown_services, flags), emit)),
            shows_replicas=shows_replicas,
        )
