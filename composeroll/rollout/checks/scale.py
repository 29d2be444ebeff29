"""Services that run more replicas than the compose file says. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Locate, Severity
from composeroll.report.wording import count_text
from composeroll.rollout.observing.observed import ServiceState


def scale_findings(state: ServiceState, asked: int | None, locate: Locate) -> Iterator[Finding]:
    """Warn if more replicas run, or are to run, than the compose file says."""
    declared, running = state.service.scale, len(state.serving) if asked is None else asked
    if running > (1 if declared is None else declared) and not state.service.has_container_name:
        says = f"says {declared}" if declared is not None else "does not say how many"
        now, planned = ("runs", "is to run") if running == 1 else ("run", "are to run")
        yield Finding(
            Severity.WARNING,
            f"{count_text(running, 'replica')} of {state.name} {now if asked is None else planned},"
            f" but the file {says}: a plain `docker compose up -d` stops the others at once",
            _write_scale(state, running, locate),
        )


def _write_scale(state: ServiceState, running: int, locate: Locate) -> str:
    """Return the line to write, in the form the file already uses: compose refuses both forms."""
    forms = {"scale": ["scale"], "deploy.replicas": ["deploy", "replicas"]}
    places = {key: locate(["services", state.name, *path]) for key, path in forms.items()}
    key = next((key for key, place in places.items() if ":" in place), "scale")
    begins = locate(["services", state.name])
    where = places[key] if ":" in places[key] else begins
    return f"services.{state.name}: {key}: {running} ({where})"
