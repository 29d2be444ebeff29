"""Which texts are valid image references. Pure."""

from __future__ import annotations

import re

_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(?::\d+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::{_TAG})?(?:@{_DIGEST})?", re.ASCII)
_REPOSITORY = re.compile(_PART)
_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


def is_reference(text: str) -> bool:
    """Return whether an engine accepts it as an image's name or ID.

    See distribution/reference, regexp.go.
    """
    return bool(_REFERENCE.fullmatch(text) or _IMAGE_ID.fullmatch(text))


def is_repository(text: str) -> bool:
    """Return whether it can be part of a repository's name: lower case, no `-` or `_` at an end."""
    return bool(_REPOSITORY.fullmatch(text))


def is_tag(text: str) -> bool:
    """Return whether it can be a tag: at most 128 characters, not starting with `-` or `.`."""
    return bool(re.fullmatch(_TAG, text, re.ASCII))
