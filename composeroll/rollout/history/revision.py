"""A revision: what a service ran from one rollout to the next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict


class Result(StrEnum):
    """How a rollout ended, for the history."""

    FOUND = "found"
    UPDATED = "updated"
    FAILED = "failed"


class Revision(Struct, frozen=True):
    """One line of a service's history.

    Attributes:
        number: counts from 1, for `rollback --to`.
        image: the image ID (`sha256:…`).
        digest: what the registry calls it, empty for an image that was never pulled.
        config_hash: compose's hash of the definition it ran with.
        result: `found` is what ran before composeroll came; a failed rollout was taken back, and
            one that broke off past its line is `updated`: it serves.
        at: RFC 3339, UTC.
        seconds: how long the rollout took.
        who: `user@host`, with the CI job where there is one.
        replicas: how many the service was to have afterwards, 0 where that is not known.
        gateway: the service whose nginx sent it requests, empty if none did, or unknown.
    """

    number: int
    service: str
    image: str
    reference: str
    digest: str
    config_hash: str
    result: Result
    at: str
    seconds: float
    who: str
    command: str
    replicas: int = 0
    gateway: str = ""


def parse_revisions(text: str) -> tuple[Revision, ...]:
    """The revisions of one file, oldest first; a line that is no revision is passed over."""
    return tuple(filter(None, map(_parse, text.splitlines())))


def write_revisions(revisions: Iterable[Revision]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(asdict(revision)) + "\n" for revision in revisions)


def running(revisions: Sequence[Revision]) -> Revision | None:
    """The last revision that came to serve."""
    return next((r for r in reversed(revisions) if r.result is not Result.FAILED), None)


def latest(revisions: Sequence[Revision], image: str) -> Revision | None:
    """The last one that served this image."""
    served = (r for r in reversed(revisions) if r.result is not Result.FAILED)
    return next((r for r in served if r.image == image), None)


def last_served(revisions: Sequence[Revision], many: int) -> tuple[Revision, ...]:
    """Of the last so many images that served, the last revision of each; newest first."""
    served = [r for r in reversed(revisions) if r.result is not Result.FAILED]
    images = list(dict.fromkeys(r.image for r in served))[:many]
    return tuple(next(r for r in served if r.image == image) for image in images)


def previous(revisions: Sequence[Revision], now: str) -> Revision | None:
    """The last one that served another image than the one of now."""
    served = (r for r in reversed(revisions) if r.result is not Result.FAILED)
    return next((r for r in served if r.image != now), None)


def _parse(line: str) -> Revision | None:
    try:
        return convert(json.loads(line), Revision)
    except (ValueError, ValidationError):
        return None
