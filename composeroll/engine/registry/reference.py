"""Image references: `registry.example:5000/team/app:staging`. Pure."""

from __future__ import annotations

HUB = "docker.io"


def registry_of(reference: str) -> str:
    """Return the registry's host, with its port if there is one.

    The first part is a host if it has a dot or a colon or is `localhost`; see
    `splitDockerDomain` in distribution/reference.
    """
    first, slash, _ = reference.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first if is_host else HUB


def split_tag(reference: str) -> tuple[str, str]:
    """Return repository and tag of a reference without a digest; the default tag is `latest`."""
    repository, colon, tag = reference.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (reference, "latest")
