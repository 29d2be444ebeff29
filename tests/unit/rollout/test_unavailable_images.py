"""What a pull would fail at is told before it is tried."""

from __future__ import annotations

from composeroll.errors import ComposerollError, EngineUnreachable, Refused
from composeroll.model import Severity
from composeroll.rollout.checks.unavailable_images import image_findings


def gone(host: str) -> ComposerollError:
    return EngineUnreachable(f"registry {host} does not answer", help="does it run?")


def test_what_can_be_pulled_is_not_mentioned() -> None:
    assert list(image_findings({})) == []


def test_an_image_that_the_registry_does_not_give_is_a_refusal() -> None:
    (finding,) = image_findings({"app": Refused("manifest unknown", help="is the tag pushed?")})
    assert finding.severity is Severity.REFUSAL
    assert finding.what == "the image of app cannot be pulled: manifest unknown"
    assert finding.help == "is the tag pushed? Without a pull: --pull missing"


def test_a_registry_that_is_away_is_one_warning_for_all_its_services() -> None:
    away = {"app": gone("a.example"), "web": gone("a.example"), "db": gone("b.example")}
    first, second = image_findings(away)
    assert {first.severity, second.severity} == {Severity.WARNING}
    assert (
        first.what == "the image of app, web cannot be pulled: registry a.example does not answer"
    )
    assert "b.example" in second.what
