"""Unset variables: compose warns once and uses an empty value, with which an app may start."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.config.project import Project
from composeroll.model import Finding, Severity


def unset_variable_findings(project: Project) -> Iterator[Finding]:
    """Yield a warning for each variable: under sudo or cron the environment differs."""
    for name in project.unset:
        yield Finding(
            Severity.WARNING,
            f"the variable {name} is not set, so compose uses an empty value",
            f"set it in the environment or in .env; if empty is meant, write ${{{name}:-}}",
        )
