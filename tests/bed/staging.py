"""The staging example as a running stack."""

from __future__ import annotations

import os
import urllib.request

from . import command, images, registry, say, state

FILE = images.STAGING_FOLDER / "docker-compose-staging.yml"
SITE = f"http://127.0.0.1:{os.environ.get('HTTP_PORT', '8088')}"
DICTIONARY = f"http://127.0.0.1:{os.environ.get('SDCV_PORT', '9095')}"
ANSWERS_WITHIN = 30.0


def up() -> None:
    """Return with the stack running and answering; its images must be there."""
    if is_up():
        return
    with say.timed("starting the staging stack"):
        compose("up", "--detach", "--no-build", "--pull", "never")
        hint = f"`python3 -m tests.bed staging-down` removes it; see {state.log('compose')}"
        state.await_state("The staging stack", is_up, ANSWERS_WITHIN, hint)


def down() -> None:
    """Remove the stack and its volumes."""
    compose("down", "--volumes", "--remove-orphans")


def is_up() -> bool:
    """Whether the page and the dictionary answer through nginx."""
    return _answers(f"{SITE}/") and _answers(f"{DICTIONARY}/healthz")


def compose(*arguments: str) -> str:
    """Run compose on the stack's file."""
    argv = ["docker", "compose", "-f", str(FILE), *arguments]
    return command.run(argv, log="compose", env={"REGISTRY": registry.ADDRESS})


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
