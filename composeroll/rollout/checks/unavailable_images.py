"""Images that an update could not pull. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composeroll.errors import ComposerollError, EngineUnreachable
from composeroll.model import Finding, Severity


def image_findings(failures: Mapping[str, ComposerollError]) -> Iterator[Finding]:
    """Yield a finding for each reason why images are not available.

    Args:
        failures: the registry's answer, or that it did not answer, by service.
    """
    reasons: dict[tuple[str, bool, str], list[str]] = {}
    for service, error in failures.items():
        away = isinstance(error, EngineUnreachable)
        reasons.setdefault((error.what, away, error.help or ""), []).append(service)
    for (what, away, help_), services in reasons.items():
        yield Finding(
            Severity.WARNING if away else Severity.REFUSAL,
            f"the image of {', '.join(services)} cannot be pulled: {what}",
            f"{help_} Without a pull: --pull missing".lstrip(),
        )
