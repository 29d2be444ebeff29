"""Which network leads to a service, and what helps where none does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.errors import Refused
from composeroll.model import Attachment, Replica
from composeroll.rollout.survey.reach import shared_network
from tests.unit.rollout.makers import replica, service

BACK, FRONT = Attachment("n2", "shop_back", "10.1.0.1"), Attachment("n3", "shop_front", "10.2.0.1")
HOST = Attachment("h", "host", "")


def on(one: Replica, place: Attachment) -> Replica:
    """The same on that network alone."""
    return replace(one, networks=(place,))


@pytest.mark.parametrize(
    ("gateway", "app", "help_"),
    [
        (FRONT, BACK, "name a network of nginx in services.app.networks"),
        (
            HOST,
            BACK,
            (
                "remove `network_mode: host` from services.nginx, and name a network of app in"
                " services.nginx.networks; ports that clients use then need `ports:`"
            ),
        ),
        (
            FRONT,
            HOST,
            (
                "remove `network_mode: host` from services.app, and name a network of nginx in"
                " services.app.networks; ports that clients use then need `ports:`"
            ),
        ),
    ],
)
def test_what_would_bring_nginx_and_a_service_together_is_what_the_file_can_say(
    gateway: Attachment, app: Attachment, help_: str
) -> None:
    mine = (on(replica(1), app),)
    with pytest.raises(Refused, match="app and nginx are on no common network") as refused:
        shared_network(on(replica(2, of="nginx"), gateway), service(), mine, 80, frozenset())
    assert refused.value.help == help_
