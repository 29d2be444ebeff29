"""The tags of ours: whatever a project or a service is called, an engine takes them."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from composeroll.config.image_reference import is_reference
from composeroll.rollout.history.kept import kept_tag

PROJECTS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,80}", fullmatch=True)
SERVICES = st.from_regex(r"[a-zA-Z0-9._-]{1,200}", fullmatch=True)


def test_usual_names_stand_in_it_as_they_are() -> None:
    assert kept_tag("my-shop", "php-fpm", "7") == "composeroll-kept/my-shop:php-fpm.7"
    assert kept_tag("shop", "App_1", "held-back.2") == "composeroll-kept/shop:App_1.held-back.2"


@given(PROJECTS, SERVICES)
def test_every_name_that_compose_takes_makes_a_tag_that_an_engine_takes(
    project: str, service: str
) -> None:
    assert is_reference(kept_tag(project, service, "held-back.12"))


@given(PROJECTS, PROJECTS, SERVICES, SERVICES)
def test_no_two_have_one_tag(project: str, other: str, service: str, another: str) -> None:
    assume((project, service) != (other, another))
    assert kept_tag(project, service, "7") != kept_tag(other, another, "7")
