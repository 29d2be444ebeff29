"""A template of one's own is tried before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from composeroll.model import Finding, Severity
from composeroll.rollout.checks.preflight import preflight_findings
from composeroll.rollout.observing.observed import Observed
from tests.unit.rollout.makers import replica, state, wiring

GOOD = """\
upstream {{ upstream.name }} {
{% for s in upstream.servers %}server {{ s.address }};
{% endfor %}}
"""


def found(template: Path | None) -> tuple[Finding, ...]:
    place = wiring(1)
    route = replace(place.route, template=str(template) if template else None)
    place = replace(place, route=route)
    return preflight_findings(Observed("shop", (state([replica(1)], place),)), ".".join)


@pytest.mark.parametrize("more", ["", "server 127.0.0.1:81 backup;\n", "keepalive 32;\n"])
def test_a_template_that_names_all_servers_may_say_more(tmp_path: Path, more: str) -> None:
    template = tmp_path / "upstream.conf.j2"
    template.write_text(GOOD.replace("{% for", more + "{% for"), encoding="utf-8")
    assert found(template) == ()
    assert found(None) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be used"),
        ("{{ nothing }}", "cannot be used: 'nothing' is undefined"),
        ("{% for", "cannot be used"),
        ("upstream other { server 10.0.0.1:80; }", "does not render upstream app"),
        (GOOD.replace("s.address", "upstream.servers[0].address"), "all of its servers"),
        (GOOD + "map $a $b { default 1; }", "does not render upstream app"),
        ("upstream app {", "does not render"),
    ],
)
def test_one_that_cannot_be_used_is_refused_with_its_reason(
    tmp_path: Path, text: str | None, said: str
) -> None:
    template = tmp_path / "upstream.conf.j2"
    if text is not None:
        template.write_text(text, encoding="utf-8")
    (refusal,) = found(template)
    assert refusal.severity is Severity.REFUSAL
    assert str(template) in refusal.what
    assert said in refusal.what
    assert "services.app.x-composeroll.template" in refusal.help
