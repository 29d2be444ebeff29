"""The upstreams that a gateway uses now, as includes for a new gateway to start with."""

from __future__ import annotations

from collections.abc import Mapping

from composeroll.errors import NotReady
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.include import parse_include
from composeroll.rollout.observing.observed import Front, Wiring
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


def current_texts(world: World, front: Front) -> Mapping[str, str]:
    """Return the current includes of all services behind a gateway, by path.

    A name is replaced by the addresses it means now: nginx would have to resolve it first, and
    answers 502 until then. In a restarted nginx, a name would include drained replicas too.
    """
    source = front.takers[0]
    texts: dict[str, str] = {}
    for service, wiring in front.behind.items():
        text = world.gateways.read(source, wiring.route.include)
        if text is not None:
            texts[wiring.route.include] = _by_address(world, service, wiring, text)
    return texts


def require_texts(configuration: Configuration, texts: Mapping[str, str], service: str) -> None:
    """Check that nginx reads the includes as they were written.

    Raises:
        NotReady: it reads something else, or not at all.
    """
    for path, text in texts.items():
        if configuration.files.get(path) == text:
            continue
        if path in configuration.files:
            raise NotReady(
                f"the new {service} starts with a different {path} than it was given",
                help="its entrypoint writes that file, or something is mounted over it: it must not"
                " change an include whose addresses are right",
            )
        raise NotReady(
            f"the new {service} does not read {path}, which the one that serves now does",
            help=f"keep an include directive for it in the new configuration of {service}",
        )


def _by_address(world: World, service: str, wiring: Wiring, text: str) -> str:
    upstream = parse_include(text)
    if upstream is None or not upstream.names:
        return text
    everyone = world.engine.replicas([service])
    there = (r for r in everyone if r.running and r.id not in world.drained)
    serving = tuple(r for r in there if wiring.route.address(r))
    if not serving:
        return text
    return Switch(Incoming(service, frozenset()), wiring.route, upstream).text(
        world.project, serving
    )
