"""A revision: the version that a service ran from one rollout to the next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict


class Result(StrEnum):
    """The result of a rollout in the history."""

    FOUND = "found"
    UPDATED = "updated"
    FAILED = "failed"


class Revision(Struct, frozen=True):
    """One line of a service's history.

    Attributes:
        number: counts from 1, for `rollback --to`.
        image: the image ID (`sha256:…`).
        digest: its registry digest, empty for an image that was never pulled.
        config_hash: compose's hash of the definition it ran with.
        result: `found` ran before composeroll's first rollout; a failed rollout was rolled back;
            one that broke off past its point of no return is `updated`, since it serves.
        at: RFC 3339, UTC.
        seconds: how long the rollout took.
        who: `user@host`, with the CI job if there is one.
        replicas: how many the service was to have afterwards, 0 if unknown.
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
    """Parse the revisions of one file, oldest first; skip lines that are not revisions."""
    return tuple(filter(None, map(_parse, text.splitlines())))


def write_revisions(revisions: Iterable[Revision]) -> str:
    """Return one JSON object per line."""
    return "".join(json.dumps(asdict(revision)) + "\n" for revision in revisions)


def running(revisions: Sequence[Revision]) -> Revision | None:
    """Return the last revision that served."""
    return next((r for r in reversed(revisions) if r.result is not Result.FAILED), None)


def latest(revisions: Sequence[Revision], image: str) -> Revision | None:
    """Return the last one that served with this image."""
    served = (r for r in reversed(revisions) if r.result is not Result.FAILED)
    return next((r for r in served if r.image == image), None)


def last_served(revisions: Sequence[Revision], many: int) -> tuple[Revision, ...]:
    """Return the last revision of each of the last `many` images that served, newest first."""
    served = [r for r in reversed(revisions) if r.result is not Result.FAILED]
    images = list(dict.fromkeys(r.image for r in served))[:many]
    return tuple(next(r for r in served if r.image == image) for image in images)


def previous(revisions: Sequence[Revision], now: str) -> Revision | None:
    """Return the last one that served with another image than the current one."""
    served = (r for r in reversed(revisions) if r.result is not Result.FAILED)
    return next((r for r in served if r.image != now), None)


def _parse(line: str) -> Revision | None:
    try:
        return convert(json.loads(line), Revision)
    except (ValueError, ValidationError):
        return None
