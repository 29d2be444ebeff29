"""The simulation behaves as the real engine does: the same scripts on both, the same course."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from composeroll.engine.engine import Engine
from composeroll.errors import GatewayError
from tests.e2e.engine_projects import Project
from tests.e2e.harness.parity import SERVICE, VERSIONS, Observed, Real, Simulated
from tests.e2e.harness.parity_nginx import NginxSide, RealNginx, SimulatedNginx

pytestmark = pytest.mark.e2e

DECLARED = 2
"""What the compose file says of the scale."""


def numbering(seen: Observed) -> None:
    """Numbers go on from the highest label, whatever the names say; names can be taken."""
    engine = seen.side.engine
    engine.create({SERVICE: 3})
    seen.look("created")
    engine.start([r.id for r in seen.all])
    seen.look("started")
    engine.stop({seen.id(2): 0})
    engine.remove([seen.id(2)], volumes=True)
    engine.create({SERVICE: 3})
    seen.look("one removed, one created")
    engine.rename(seen.id(4), f"{seen.side.project}-{SERVICE}-2")
    seen.look("renamed")
    taken = f"{seen.side.project}-{SERVICE}-1"
    seen.attempt("a name that is taken", lambda: engine.rename(seen.id(3), taken))
    engine.create({SERVICE: 4})
    seen.look("one more created")


def stopped(seen: Observed) -> None:
    """What does not run counts toward a scale, and what runs is not removed."""
    engine = seen.side.engine
    engine.create({SERVICE: 2})
    engine.start([r.id for r in seen.all])
    engine.forbid_restart([r.id for r in seen.all])
    seen.side.die(seen.id(1))
    engine.create({SERVICE: 2})
    seen.look("one died, as many wanted")
    seen.attempt("remove one that runs", lambda: engine.remove([seen.id(2)], volumes=True))
    gone = seen.id(1)
    for what in ("remove", "stop", "forbid to restart"):
        calls = {
            "remove": lambda: engine.remove([gone], volumes=True),
            "stop": lambda: engine.stop({gone: 0}),
            "forbid to restart": lambda: engine.forbid_restart([gone]),
        }
        seen.attempt(f"{what} it", calls[what])
    seen.attempt("start what is gone", lambda: engine.start([gone]))
    seen.look("removed")


def images(seen: Observed) -> None:
    """A new image is for new containers, and the old ones are outdated from then on."""
    engine = seen.side.engine
    engine.create({SERVICE: 2})
    engine.start([r.id for r in seen.all])
    seen.side.use("v2")
    engine.create({SERVICE: 3})
    seen.look("one more of the new image")
    said = seen.side.reads.verdicts({SERVICE: 3})
    seen.lines.append(f"outdated: {[said.get(r.name) for r in seen.all]}")
    engine.recreate(SERVICE, 3, renew_volumes=False)
    _tell_versions(seen, "recreated in place")


def addresses(seen: Observed) -> None:
    """A stopped container lets go of its address, and whoever starts next has it."""
    engine = seen.side.engine
    engine.create({SERVICE: 3})
    first, second, third = (r.id for r in seen.all)
    engine.start([first])
    engine.start([second])
    seen.look("two started")
    engine.stop({first: 0})
    engine.start([third])
    seen.look("one stopped, another started")
    engine.start([first])
    seen.look("the first again")
    engine.stop({first: 0, third: 0})
    engine.start([first])
    engine.start([third])
    seen.look("started in another order")


def operators(seen: Observed) -> None:
    """What people do by hand: `up -d`, `--scale`, `prune`."""
    engine = seen.side.engine
    seen.side.scale(3)
    seen.look("scaled to 3")
    seen.side.use("v2")
    seen.side.scale(4)
    seen.look("scaled to 4 without recreating")
    engine.stop({seen.id(4): 0})
    seen.side.prune()
    seen.look("pruned")
    seen.side.up()
    # which of the outdated ones have to go, where there are too many, differs from time to time
    seen.lines.append(f"up: {[(r.state.value, seen.side.version(r.image)) for r in seen.all]}")


def _tell_versions(seen: Observed, after: str) -> None:
    """Without addresses: compose starts several side by side."""
    numbers = [(r.number, r.state.value, seen.side.version(r.image)) for r in seen.all]
    seen.lines.append(f"{after}: {numbers}")


def locks(seen: Observed) -> None:
    """A lock's name is taken once; a lock is named, noted, set aside and released by its ID."""
    locks, project = seen.side.locks, seen.side.project
    name, aside = f"composeroll-lock.{project}.app", f"composeroll-left.{project}.app"
    mine = locks.claim(name, project, "me")
    try:
        seen.lines.append(f"taken: {bool(mine)}, again: {locks.claim(name, project, 'you')}")
        locks.write(mine or "", "a note")
        _tell(seen, name)
        locks.set_aside(mine or "", aside)
        _tell(seen, name, aside)
        locks.set_aside(mine or "", aside)
        other = locks.claim(name, project, "you") or ""
        locks.set_aside(other, aside)
        _tell(seen, name, aside)
        seen.lines.append(f"of the project: {len(locks.of_project(project))}")
        locks.release(other)
        locks.release(other)
        locks.set_aside(other, aside)
        _tell(seen, name, aside)
    finally:
        for lock in locks.of_project(project):
            locks.release(lock.id)
    _tell(seen, name, aside)


def _tell(seen: Observed, *names: str) -> None:
    found = [seen.side.locks.find(name) for name in names]
    seen.lines.append(str([(lock.holder, lock.note) if lock else None for lock in found]))


def nginx_course(nginx: NginxSide) -> list[str]:
    """Write, reload under an open connection, let it go, be refused."""
    door, lines = nginx.door, []
    door.configuration()
    one, two, bad = (_upstream(server) for server in ("10.9.9.1:80", "10.9.9.2:80", "no good"))
    door.install({nginx.include: one})
    lines.append(f"written: {door.read(nginx.include) == one}, old workers: {door.old_workers()}")
    with nginx.request_under_way():
        door.reload()
        lines.append(f"reloaded under a request: one old worker: {nginx.await_old_workers(1)}")
    lines.append(f"the request has ended, and none is left: {nginx.await_old_workers(0)}")
    door.install({nginx.include: two})
    lines.append(f"written, not reloaded: old workers: {door.old_workers()}")
    nginx.refuse_next()
    try:
        door.install({nginx.include: bad})
    except GatewayError:
        lines.append(f"refused: the one before is back: {door.read(nginx.include) == two}")
    nginx.accept_again()
    door.restore({nginx.include: one})
    door.reload()
    door.reload()
    lines.append(f"reloaded twice: {nginx.await_old_workers(0)}")
    return lines


def _upstream(server: str) -> str:
    return f"upstream app {{ zone app 256k; server {server}; }}\n"


SCRIPTS = (numbering, stopped, images, addresses, operators, locks)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with an image of two versions."""
    project = Project(tmp_path_factory.mktemp("parity"))
    project.service(SERVICE, image=f"{project.name}:app", scale=DECLARED)
    try:
        for version in VERSIONS:
            project.image(version, f"LABEL version={version}")
        yield project
    finally:
        project.destroy()


@pytest.fixture
def real(made: Project) -> Iterator[Real]:
    """The project on the engine, with nothing of it there."""
    with Engine(made.flags, made.name) as engine:
        side = Real(made, engine)
        side.clear()
        yield side


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_script_takes_the_same_course_in_the_simulation(
    script: Callable[[Observed], None], real: Real
) -> None:
    courses: list[list[str]] = []
    for side in (real, Simulated(DECLARED)):
        side.use("v1")
        seen = Observed(side)
        script(seen)
        courses.append(seen.lines)
    assert courses[1] == courses[0]


def test_nginx_is_written_reloaded_and_left_by_its_workers_as_in_the_simulation() -> None:
    simulated = nginx_course(SimulatedNginx())
    with RealNginx.started() as real:
        assert simulated == nginx_course(real)
