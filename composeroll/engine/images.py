"""Images: what a reference names here and at the registry, and tags."""

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
"""What has a meaning in them."""

REGISTRY_SECONDS = 30.0
"""A registry's answer passes through the engine; it gives up on a silent one by itself later."""


class Image(Struct, frozen=True):
    """An image on the engine.

    Attributes:
        id: the image ID (`sha256:…`).
        digests: what registries call it (`registry/app@sha256:…`).
    """

    id: str
    digests: tuple[str, ...]


class Images:
    """The images of one engine. `config` is docker's config.json, for logins."""

    def __init__(self, api: Api, config: Mapping[str, Any]) -> None:
        self._api = api
        self._config = config

    def find(self, reference: str) -> Image | None:
        """The image that a reference or an ID names here, None where it names none."""
        path = f"/images/{quote(reference, safe=OF_REFERENCES)}/json"
        none = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
        answer = self._api.get(path, fine=none)
        return None if answer.status in none else parse_image(answer.json())

    def tag(self, image: str, reference: str) -> None:
        """Let a reference name an image, whatever it named before."""
        repository, tag = split_tag(reference)
        self._api.post(f"/images/{image}/tag", {"repo": repository, "tag": tag})

    def untag(self, reference: str) -> None:
        """Take a reference away; one that is not there is fine.

        The engine deletes an image with its last reference. Where a container uses it, it refuses
        to (409), and the reference stays. Where another client takes the image's other reference
        away at the same moment, both are gone, and one of the two is told 404.
        """
        fine = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        self._api.send("DELETE", f"/images/{reference}", fine=fine)

    def registry_digest(self, reference: str) -> str:
        """The digest (`sha256:…`) that a reference has at its registry now. Pulls nothing.

        Raises:
            EngineUnreachable: the registry does not answer.
            Refused: it has no such image, or not for this user.
        """
        headers = login.header(self._config, registry_of(reference))
        path = f"/distribution/{reference}/json"
        try:
            answer = self._api.send("GET", path, headers=headers, timeout=REGISTRY_SECONDS)
        except EngineError as error:
            raise registry_failure(error.what, reference) from error
        return str(answer.json()["Descriptor"]["digest"])


def parse_image(inspected: Mapping[str, Any]) -> Image:
    """An image as `GET /images/{name}/json` describes it."""
    return Image(id=inspected["Id"], digests=tuple(inspected.get("RepoDigests") or ()))
