"""Restore includes: in every running nginx, and in the files of those that do not run."""

from __future__ import annotations

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Replica
from composeroll.rollout.steps.drain import POLL, RESTART, await_old_workers_gone
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import Texts, World


def put_back(switches: tuple[Switch, ...], world: World, timeout: float) -> None:
    """Restore the previous texts, and wait for all workers that knew others to end.

    A gateway that took the new include and was reverted has such workers too. It may also have the
    old file and still run with the new one, since the reload that was to revert it failed. So all
    gateways are reloaded again. If nginx refuses to reload what its files already say, it never
    took anything else, unless one of our reloads is known to have reached it, or its
    answer was lost. A gateway that still uses a name which it resolves itself is left alone.

    Raises:
        GatewayError: an nginx may use the new include, now or after its next start.
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
        if any(r.running for r in _existing_gateways(switches, world)):
            raise  # its workers may still know the new replicas, which therefore stay


def texts_back(switches: tuple[Switch, ...], world: World) -> Texts:
    """Return the texts to restore, for all includes: they mean what they meant before."""
    texts: dict[str, dict[str, str | None]] = {}
    for switch in switches:
        for container, text in switch.texts_back(world).items():
            texts.setdefault(container, {})[switch.route.include] = text
    return texts


def texts_before(switches: tuple[Switch, ...]) -> Texts:
    """Return the previous texts word for word, whatever they mean now."""
    texts: dict[str, dict[str, str | None]] = {}
    for switch in switches:
        for container, text in switch.texts.items():
            texts.setdefault(container, {})[switch.route.include] = text
    return texts


def differ(previous: Texts, world: World) -> bool:
    """Return whether an include differs from these texts, or cannot be read."""

    def differs(container: str, path: str, text: str | None) -> bool:
        try:
            return world.gateways.read(container, path) != text
        except (EngineError, GatewayError):
            return True  # a gateway that was removed must not keep the others from being restored

    return any(
        differs(container, path, text)
        for container, texts in previous.items()
        for path, text in texts.items()
    )


def _goes_by_its_name(switch: Switch, world: World) -> bool:
    """Whether nginx uses a name that it resolves itself, with the same meaning as before."""
    served = {replica.id for replica in switch.served}
    now = world.engine.replicas([switch.incoming.service])
    if not switch.previous.resolves or any(r.running and r.id not in served for r in now):
        return False
    return world.gateways.settled and not differ(texts_before((switch,)), world)


def _restore(switches: tuple[Switch, ...], world: World) -> None:
    """Restore all gateways, and retry while one of them is being restarted.

    Each attempt looks the replicas up again before it names them: one may have moved.
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
    """Write the previous texts into stopped gateways, restore the others, and check both stay so.

    Return whether all gateways use these texts, or will at their next start. A recreated gateway
    may have started with the new include; one that was removed and not recreated cannot start.
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
    if texts := {container: previous[container] for container in up & previous.keys()}:
        world.gateways.restore(texts)
    return not any(r.running and r.id in down for r in _gateways(switches, world))


def _await_running(switches: tuple[Switch, ...], world: World, end: float) -> bool:
    """Wait until all of them run; reloading the others does not help one that is down."""
    while world.clock.now() < end:
        world.clock.wait(POLL)
        if not _is_down(switches, world):
            return True
    return False


def _is_down(switches: tuple[Switch, ...], world: World) -> bool:
    return not all(r.running for r in _existing_gateways(switches, world))


def _existing_gateways(switches: tuple[Switch, ...], world: World) -> tuple[Replica, ...]:
    """Return the gateways of the routes that still exist."""
    containers = {c for switch in switches for c in switch.route.containers}
    return tuple(r for r in _gateways(switches, world) if r.id in containers)


def _gateways(switches: tuple[Switch, ...], world: World) -> tuple[Replica, ...]:
    return world.engine.replicas(gateways_of(switches))


def gateways_of(switches: tuple[Switch, ...]) -> list[str]:
    """Return the services whose nginx is switched; other services may run nginx too."""
    return sorted({switch.route.gateway for switch in switches})
