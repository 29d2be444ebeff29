"""Put includes back: into every nginx that runs, and for every start of one that does not."""

from __future__ import annotations

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Replica
from composeroll.rollout.steps.drain import POLL, RESTART, await_old_workers_gone
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import Texts, World


def put_back(switches: tuple[Switch, ...], world: World, timeout: float) -> None:
    """The texts of before, and the end of all workers that knew others.

    A gateway that took the new include and gave it back itself has such workers too. One may have
    the old file and still run by the new one, since the reload that was to take it back has failed:
    so all are told again. One that refuses to reload what its files say already took nothing else,
    unless a reload of ours is known to have reached it, or its answer was lost; and one that still
    goes by a name which it resolves itself is told nothing.

    Raises:
        GatewayError: an nginx may go by the new include, now or once it is started again.
    """
    switches = tuple(s for s in switches if not _goes_by_its_name(s, world))
    if not switches:
        return
    _restore(switches, world)
    served = {replica.id for switch in switches for replica in switch.served}
    came = (r for switch in switches for r in switch.incoming.look_up(world))
    new = [replica for replica in came if replica.id not in served]
    try:
        await_old_workers_gone(world, gateways_of(switches), timeout, new)
    except GatewayError:
        if any(r.running for r in _told(switches, world)):
            raise  # its workers may still know the new replicas, which therefore stay


def texts_back(switches: tuple[Switch, ...], world: World) -> Texts:
    """The texts of before, of all the includes."""
    texts: dict[str, dict[str, str | None]] = {}
    for switch in switches:
        for container, text in switch.texts_back(world).items():
            texts.setdefault(container, {})[switch.route.include] = text
    return texts


def texts_before(switches: tuple[Switch, ...]) -> Texts:
    """The same word for word, whatever they mean by now."""
    texts: dict[str, dict[str, str | None]] = {}
    for switch in switches:
        for container, text in switch.texts.items():
            texts.setdefault(container, {})[switch.route.include] = text
    return texts


def differ(previous: Texts, world: World) -> bool:
    """Whether an include holds something else than these texts, or cannot be read."""

    def differs(container: str, path: str, text: str | None) -> bool:
        try:
            return world.gateways.read(container, path) != text
        except (EngineError, GatewayError):
            return True  # somebody has removed that gateway: no other is to be forgotten for it

    return any(
        differs(container, path, text)
        for container, texts in previous.items()
        for path, text in texts.items()
    )


def _goes_by_its_name(switch: Switch, world: World) -> bool:
    """Whether nginx resolves a name that means whom it meant, and may go by nothing else."""
    served = {replica.id for replica in switch.served}
    now = world.engine.replicas([switch.incoming.service])
    if not switch.previous.resolves or any(r.running and r.id not in served for r in now):
        return False
    return world.gateways.settled and not differ(texts_before((switch,)), world)


def _restore(switches: tuple[Switch, ...], world: World) -> None:
    """Tell all, and again where one of them is only just being restarted.

    The replicas are looked at last of all before they are named: one may have moved.
    """
    end = world.clock.now() + RESTART
    while True:
        down = _is_down(switches, world)
        previous = texts_back(switches, world)
        changed = differ(previous, world)
        try:
            return world.gateways.restore(previous)
        except GatewayError:
            if (down or _is_down(switches, world)) and _await_running(switches, world, end):
                continue
            undone = not changed and world.gateways.settled
            if undone or _left_for_their_start(switches, world):
                return None
            raise


def _left_for_their_start(switches: tuple[Switch, ...], world: World) -> bool:
    """Have the texts of before in those that are down, tell the others, and see that they stay so.

    Whether all of them go by these texts, or will. One that was made anew may have begun by the new
    include; one that nobody has made anew has nothing to begin with.
    """
    gateways, previous = _gateways(switches, world), texts_back(switches, world)
    down = {r.id for r in gateways if not r.running} & previous.keys()
    up = {r.id for r in gateways if r.running}
    gone = previous.keys() - {r.id for r in gateways}
    if (gone and up - previous.keys()) or (up and not down):
        return False
    for container in down:
        for path, text in previous[container].items():
            world.nginx.put(container, path, text or "")
    if told := {container: previous[container] for container in up & previous.keys()}:
        world.gateways.restore(told)
    return not any(r.running and r.id in down for r in _gateways(switches, world))


def _await_running(switches: tuple[Switch, ...], world: World, end: float) -> bool:
    """Wait until all of them run; no reload of the others helps the one that does not."""
    while world.clock.now() < end:
        world.clock.wait(POLL)
        if not _is_down(switches, world):
            return True
    return False


def _is_down(switches: tuple[Switch, ...], world: World) -> bool:
    return not all(r.running for r in _told(switches, world))


def _told(switches: tuple[Switch, ...], world: World) -> tuple[Replica, ...]:
    """The gateways that were to be told, those of them that exist."""
    containers = {c for switch in switches for c in switch.route.containers}
    return tuple(r for r in _gateways(switches, world) if r.id in containers)


def _gateways(switches: tuple[Switch, ...], world: World) -> tuple[Replica, ...]:
    return world.engine.replicas(gateways_of(switches))


def gateways_of(switches: tuple[Switch, ...]) -> list[str]:
    """The services whose nginx is told; others of the project may run nginx too."""
    return sorted({switch.route.gateway for switch in switches})
