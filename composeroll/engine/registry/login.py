"""The user's login at a registry: from the environment, or stored by `docker login`."""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from composeroll.engine.registry.reference import HUB

HUB_KEY = "https://index.docker.io/v1/"
"""Docker Hub's name in config.json and in credential helpers."""

IN_ENVIRONMENT = "DOCKER_AUTH_CONFIG"
"""The variable that docker reads first, since 28.3: an `auths` as in config.json (docker/cli,
`GetCredentialsStore`). Without it a registry would refuse what compose can pull."""

HELPER_SECONDS = 20.0

_TOKEN = "<token>"  # noqa: S105 the helpers' word for "the secret is an identity token"


def header(config: Mapping[str, Any], registry: str) -> dict[str, str]:
    """Return the X-Registry-Auth header for a registry, empty without a login.

    Args:
        config: docker's config.json.
        registry: the registry's host.
    """
    key = HUB_KEY if registry == HUB else registry
    helper = (config.get("credHelpers") or {}).get(key) or config.get("credsStore")
    login = _from_environment(key)
    login = login or (_from_helper(helper, key) if helper else _from_file(config, key))
    if not login:
        return {}
    text = json.dumps(login | {"serveraddress": key})
    return {"X-Registry-Auth": base64.urlsafe_b64encode(text.encode()).decode()}


def _from_environment(key: str) -> dict[str, str]:
    """Return the login from the environment, empty if there is none or it is invalid, as docker."""
    try:
        entry = json.loads(os.environ.get(IN_ENVIRONMENT, ""))["auths"][key]
        return _from_file({"auths": {key: entry}}, key)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _from_file(config: Mapping[str, Any], key: str) -> dict[str, str]:
    auths = config.get("auths") or {}
    entry = auths.get(key) or auths.get(f"https://{key}") or {}
    if entry.get("identitytoken"):
        return {"identitytoken": entry["identitytoken"]}
    try:
        text = base64.b64decode(entry.get("auth", "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return {}
    user, colon, password = text.partition(":")
    return {"username": user, "password": password.rstrip("\0")} if colon else {}


def _from_helper(helper: str, key: str) -> dict[str, str]:
    """Return the answer of `docker-credential-HELPER get`, empty without a login or a helper."""
    argv = [f"docker-credential-{helper}", "get"]
    try:
        answer = subprocess.run(
            argv, input=key.encode(), capture_output=True, timeout=HELPER_SECONDS, check=True
        )
        found = json.loads(answer.stdout)
        user, secret = found["Username"], found["Secret"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return {}
    return {"identitytoken": secret} if user == _TOKEN else {"username": user, "password": secret}
