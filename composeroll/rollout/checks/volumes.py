"""What a service would lose with its anonymous volumes: new replicas get new ones. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import ServiceState


def anonymous_volume_findings(state: ServiceState, leaving: Collection[str]) -> Iterator[Finding]:
    """Report a service's anonymous volumes, unless it is data-only.

    The finding is a refusal if other services mount them too, and so rely on their contents, and
    the rollout would replace the service.

    Args:
        state: the service as it was observed.
        leaving: full IDs of the replicas that would have to go.
    """
    if not state.anonymous_volumes or state.data_only or _hands_on(state):
        return
    where = " and ".join(state.anonymous_volumes)
    if not state.sharing:
        what = f"what {state.name} wrote to {where} goes with its replicas: new ones"
        yield Finding(Severity.WARNING, f"{what} start with new anonymous volumes", _help(state))
        return
    goes = any(r.id in leaving or r in state.leftovers for r in state.replicas)
    others = " and ".join(state.sharing)
    yield Finding(
        Severity.REFUSAL if goes else Severity.WARNING,
        f"{state.name} cannot be replaced without losing what it wrote to {where}, which {others}"
        f" {'mounts' if len(state.sharing) == 1 else 'mount'}: new replicas start with new"
        " anonymous volumes",
        f"{_help(state)}; or, if it only carries code, {_way_on(state)}",
    )


def _way_on(state: ServiceState) -> str:
    """Return how to mark the service as carrying code.

    If it failed, code cannot be told from data: a database may fail at once too.
    """
    if not any(r.over and r.exit_code for r in state.replicas):
        return "let it end or sleep"
    again = f"`docker compose pull {state.name}` and `docker compose up -d --no-deps {state.name}`"
    return f"let it end well with the volumes it has, then run the same command again: {again}"


def _hands_on(state: ServiceState) -> bool:
    """Return whether compose itself replaces the container, which keeps its volumes."""
    return state.service.has_container_name


def _help(state: ServiceState) -> str:
    """Return how to keep the data; the file may already name volumes that replicas lack."""
    if set(state.anonymous_volumes) <= set(state.service.mounted):
        return (
            "copy what you want to keep to the named volume, then once, with a gap:"
            f" `docker compose up -d --no-deps {state.name}`"
        )
    line = ", ".join(_volume(path, state.anonymous_volumes) for path in state.anonymous_volumes)
    return f"name the volume: services.{state.name}.volumes: [{line}]"


def _volume(path: str, beside: Sequence[str]) -> str:
    name = PurePosixPath(path).name
    unique = sum(PurePosixPath(other).name == name for other in beside) == 1
    return f"{name if unique else path.strip('/').replace('/', '-')}:{path}"
