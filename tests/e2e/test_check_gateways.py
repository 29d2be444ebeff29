"""What `check` tells of an nginx that a rollout could not write, of ways around it, of a pull."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import recipe
from tests.e2e.harness.trouble import untouched

pytestmark = pytest.mark.e2e

SITE = """\
include include/app.include;
upstream also { server app:8000; }
server { listen 80;
    location / { proxy_pass http://app; }
    location /ping { proxy_pass http://also; }
}
"""
MISSING = "services: {app: {image: '${REGISTRY}/nothing:here'}}\n"
UPSTREAM = "upstream app { zone app 256k; server app:8000; }\n"
TOLD = (
    "the image of app cannot be pulled",
    "/opt/nginx/include/app.include was replaced on the host",
    "upstream also (/opt/nginx/conf.d/site.conf:2) names replicas of app too",
    "services.gateway.stop_signal: SIGQUIT",
)


def test_a_replaced_file_a_way_around_the_upstream_and_a_missing_image_are_found(
    start: Start,
) -> None:
    beside = {"site.conf": SITE, "app.include": "", "missing.yml": MISSING}
    stack = start(recipe.app("own-site", "single-file", "trapped-gateway", beside=beside))
    new = stack.directory / "app.include.new"
    new.write_text(UPSTREAM, encoding="utf-8")
    new.rename(stack.directory / "app.include")
    with untouched(stack):
        done = stack.composeroll("check", *stack.selection, "-f", "missing.yml", "app")
    assert done.code == 3, str(done)
    assert [text for text in TOLD if text not in done.stdout] == [], str(done)


def test_a_single_file_in_an_image_without_a_shell_is_refused(start: Start) -> None:
    stack = start(
        recipe.app("single-file", gateway="no-shell-forky", beside={"app.include": UPSTREAM})
    )
    with untouched(stack, written=False):
        done = stack.composeroll("update", *stack.selection, "--force", "app")
    assert done.code == 3, str(done)
    assert "gateway has no shell" in done.stderr, str(done)
