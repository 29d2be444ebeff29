"""The tags that keep images; not every project or service name is valid in one. Pure."""

from __future__ import annotations

import re
from hashlib import sha256

from composeroll.config.image_reference import is_repository, is_tag

PREFIX = "composeroll-kept"
DIGITS = 12


def kept_tag(project: str, service: str, what: str) -> str:
    """Return `composeroll-kept/shop:app.7`, or the closest valid reference."""
    repository = project if is_repository(project) else _alike(project)
    tag = f"{service}.{what}"
    return f"{PREFIX}/{repository}:{tag if is_tag(tag) else f'{_alike(service)}.{what}'}"


def _alike(name: str) -> str:
    """Return a readable form of a name that is valid in a tag and that no other name gets."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return "-".join(filter(None, (plain, sha256(name.encode()).hexdigest()[:DIGITS])))
