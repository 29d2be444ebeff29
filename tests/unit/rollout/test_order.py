"""The order among several services."""

from __future__ import annotations

import pytest

from composeroll.errors import UsageError
from composeroll.rollout.planning.order import in_order
from tests.unit.rollout.makers import service


def test_sources_of_volumes_come_before_who_mounts_them() -> None:
    fpm = service("fpm", volumes_from=["code:ro", "container:elsewhere"])
    assert [s.name for s in in_order([fpm, service("code")])] == ["code", "fpm"]


def test_what_others_depend_on_comes_before_them() -> None:
    web = service("web", depends_on={"api": {}, "db": {}})
    api = service("api", depends_on={"db": {}})
    assert [s.name for s in in_order([web, api, service("db")])] == ["db", "api", "web"]


def test_services_outside_the_rollout_do_not_count() -> None:
    assert [s.name for s in in_order([service("a", depends_on={"b": {}})])] == ["a"]


def test_unrelated_services_stay_as_they_were_named() -> None:
    assert [s.name for s in in_order([service("b"), service("a")])] == ["b", "a"]


def test_a_circle_is_told_with_its_members() -> None:
    circle = [service("a", depends_on={"b": {}}), service("b", volumes_from=["a"])]
    with pytest.raises(UsageError, match=r"wait for each other: .*a.*b"):
        in_order(circle)
