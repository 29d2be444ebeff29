"""Images and their tags, on the engine and at registries."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from composeroll.engine.api.connection import Api
from composeroll.engine.registry import login
from composeroll.engine.registry.reference import registry_of, split_tag
from composeroll.engine.registry.words import registry_failure
from composeroll.errors import EngineError

OF_REFERENCES = "/:@"
"""The characters with a meaning in references."""

REGISTRY_SECONDS = 30.0
"""Time limit for a registry's answer, through the engine, whose own limit is longer."""


class Image(Struct, frozen=True):
    """An image on the engine.

    Attributes:
        id: the image ID (`sha256:…`).
        digests: its registry digests (`registry/app@sha256:…`).
    """

    id: str
    digests: tuple[str, ...]


class Images:
    """The images of one engine. `config` is docker's config.json, for logins."""

    def __init__(self, api: Api, config: Mapping[str, Any]) -> None:
        self._api = api
        self._config = config

    def find(self, reference: str) -> Image | None:
        """Return the image that a reference or an ID names on the engine, None if there is none."""
        path = f"/images/{quote(reference, safe=OF_REFERENCES)}/json"
        none = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
        answer = self._api.get(path, fine=none)
        return None if answer.status in none else parse_image(answer.json())

    def tag(self, image: str, reference: str) -> None:
        """Make a reference name an image, whatever it named before."""
        repository, tag = split_tag(reference)
        self._api.post(f"/images/{image}/tag", {"repo": repository, "tag": tag})

    def untag(self, reference: str) -> None:
        """Remove a reference, if it exists.

        The engine deletes an image with its last reference. If a container uses the image, it
        refuses (409), and the reference stays. If another client removes the image's other
        reference at the same moment, both are gone, and one of the clients gets 404.
        """
        fine = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        self._api.send("DELETE", f"/images/{reference}", fine=fine)

    def registry_digest(self, reference: str) -> str:
        """Return the digest (`sha256:…`) that a reference has at its registry now, without a pull.

        Raises:
            EngineUnreachable: the registry does not answer.
            Refused: it does not have the image, or refuses it to this user.
        """
        headers = login.header(self._config, registry_of(reference))
        path = f"/distribution/{reference}/json"
        try:
            answer = self._api.send("GET", path, headers=headers, timeout=REGISTRY_SECONDS)
        except EngineError as error:
            raise registry_failure(error.what, reference) from error
        return str(answer.json()["Descriptor"]["digest"])


def parse_image(inspected: Mapping[str, Any]) -> Image:
    """Parse the answer to `GET /images/{name}/json`."""
    return Image(id=inspected["Id"], digests=tuple(inspected.get("RepoDigests") or ()))
