"""What nginx's files say when a rollout looks again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import NotReady
from composeroll.rollout.steps.named import require_addresses
from tests.unit.rollout.makers import wiring

BY_NAME = "upstream app { server app:80; }"


def world(*, untouched: bool, text: str = BY_NAME) -> Any:  # noqa: ANN401 - as much of one as is asked
    gateways = SimpleNamespace(untouched=lambda *_: untouched, read=lambda *_: text)
    return cast("Any", SimpleNamespace(gateways=gateways))


def test_a_restarted_nginx_that_goes_by_a_name_is_noticed() -> None:
    with pytest.raises(NotReady, match="nginx in nginx was restarted, and uses a name"):
        require_addresses(world(untouched=False), wiring().route)


def test_a_name_that_nginx_was_told_is_a_templates_own() -> None:
    require_addresses(world(untouched=True), wiring().route)


def test_another_text_without_a_name_is_nobodys_harm() -> None:
    text = "upstream app { server 10.0.0.1:80; }"
    require_addresses(world(untouched=False, text=text), wiring().route)
