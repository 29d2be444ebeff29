"""What `check` tells of a real stack, and that it touches nothing."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import docker, recipe
from tests.e2e.harness.trouble import untouched

pytestmark = pytest.mark.e2e

SITE = """\
include include/app.include;
proxy_next_upstream off;
server { listen 80; location / { proxy_pass http://app; } }
"""
FIXED = 'services: {app: {ports: ["127.0.0.1:24219:8000"]}}\n'
BITES = (
    "site.conf:2",
    "ports 24210-24212 of app are 3",
    "-app-3, and another container has that name",
    "trapped.yml:5",
    "trapped.yml:6",
    "trapped.yml:9",
    "trapped.yml:10",
)


def test_check_names_the_line_of_what_bites_with_0_and_of_what_is_refused_with_3(
    start: Start,
) -> None:
    beside = {"site.conf": SITE, "fixed.yml": FIXED}
    stack = start(recipe.app("own-site", "trapped", beside=beside))
    docker.docker("create", "--name", f"{stack.project}-app-3", stack.reference("app"))
    with untouched(stack):
        bitten = stack.composeroll("check", *stack.selection, "--json")
        refused = stack.composeroll("check", *stack.selection, "-f", "fixed.yml")
    assert bitten.code == 0, str(bitten)
    found = json.loads(bitten.stdout)
    warned = [f"{f['what']}: {f['help']}" for f in found if f["severity"] == "warning"]
    assert [bite for bite in BITES if not any(bite in line for line in warned)] == []
    assert refused.code == 3, str(refused)
    assert refused.stdout.startswith("app\nrefusal  app cannot run twice"), str(refused)
    assert "(fixed.yml:1)" in refused.stdout
