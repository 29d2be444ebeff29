"""What a plan says where the gateway itself is replaced."""

from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot
from msgspec.structs import replace

from composeroll.config.project import Service, read_project
from composeroll.model import Attachment, ContainerState, Replica
from composeroll.rollout.observing.doubted import doubted
from composeroll.rollout.observing.observed import Front, Observed, ServiceState
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.steps import RehearseGateway, StartGateways, StopReplicas
from tests.unit.rollout.makers import NEW, OLD, ours, plan, replica, state, wiring

EDGE = replica(15, of="edge")


def nginx(**raw: Any) -> Service:  # noqa: ANN401 - as in YAML
    """The gateway's service in the file."""
    own = {"image": "nginx:1", "network_mode": "service:edge", **raw}
    model = {"name": "shop", "services": {"edge": {"image": "edge:1"}, "nginx": own}}
    return read_project(model, []).services["nginx"]


def gateway(*replicas: Replica, of: Service | None = None, edge: bool = True) -> ServiceState:
    """The gateway as it was observed, in front of service app."""
    takers = tuple(r.id for r in replicas if r.running)
    place = Attachment("n1", "shop_default", "10.0.0.15")
    front = Front(takers, place, EDGE if edge else None, {"app": wiring(1, gateways=takers)})
    return state(replicas, of=of or nginx(), front=front)


def container(number: int, image: str = OLD, **more: Any) -> Replica:  # noqa: ANN401 - of replica
    """A container of nginx."""
    return replica(number, image, of="nginx", **more)


def test_a_second_nginx_is_rehearsed_started_beside_the_first_and_proven() -> None:
    assert plan(gateway(container(1))) == snapshot("""\
  1  create 1 replica of nginx  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  rehearse the new nginx without its ports  (nothing unproven gets traffic)
  3  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  4  start the new nginx  (beside the old one, on the same ports)
  5  prove nginx: workers, listening sockets, every site
     ── no way back after this ──
  6  quit shop-nginx-1 (111111111111)  (new connections reach the new one)
  7  await the end of shop-nginx-1 (111111111111) for up to 1m  (it ends what it has begun)
  8  retire shop-nginx-1 (111111111111)  (replaced)
  9  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_with_its_services_it_goes_last_and_lets_go_first() -> None:
    app = state([replica(1)], wiring(1, gateways=("9" * 64,)))
    assert plan(app, gateway(container(9))) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  drain shop-app-1 (111111111111) for up to 1m
  6  create 1 replica of nginx  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  7  rehearse the new nginx without its ports  (nothing unproven gets traffic)
  8  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  9  start the new nginx  (beside the old one, on the same ports)
 10  prove nginx: workers, listening sockets, every site
 11  confirm that app is still ready  (what they replace goes next)
     ── no way back after this ──
 12  quit shop-nginx-9 (999999999999)  (new connections reach the new one)
 13  retire shop-app-1 (111111111111)  (replaced)
 14  renumber 1 replica of app  (names count from 1 again)
 15  await the end of shop-nginx-9 (999999999999) for up to 1m  (it ends what it has begun)
 16  retire shop-nginx-9 (999999999999)  (replaced)
 17  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_a_crash_before_the_start_clears_what_was_created_and_its_rehearsal() -> None:
    made = container(2, NEW, state=ContainerState.CREATED)
    assert plan(gateway(container(1), made)) == snapshot("""\
  1  remove leftovers of nginx: shop-nginx-2 (222222222222)  (an interrupted run left them)
  2  create 1 replica of nginx  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  3  rehearse the new nginx without its ports  (nothing unproven gets traffic)
  4  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  5  start the new nginx  (beside the old one, on the same ports)
  6  prove nginx: workers, listening sockets, every site
     ── no way back after this ──
  7  quit shop-nginx-1 (111111111111)  (new connections reach the new one)
  8  await the end of shop-nginx-1 (111111111111) for up to 1m  (it ends what it has begun)
  9  retire shop-nginx-1 (111111111111)  (replaced)
 10  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_a_crash_after_the_start_hands_over_and_proves_before_anything_else() -> None:
    assert plan(gateway(container(1), container(2, NEW))) == snapshot("""\
  1  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  2  start the new nginx  (beside the old one, on the same ports)
  3  prove nginx: workers, listening sockets, every site
     ── no way back after this ──
  4  quit shop-nginx-1 (111111111111)  (new connections reach the new one)
  5  await the end of shop-nginx-1 (111111111111) for up to 1m  (it ends what it has begun)
  6  retire shop-nginx-1 (111111111111)  (replaced)
  7  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_what_a_crash_left_beside_the_old_nginx_is_what_gets_started() -> None:
    old, new = container(1), container(2, NEW)
    observed = Observed("shop", (gateway(old, new),))
    steps = plan_rollout(observed, outgoing(observed)).steps
    (start,) = (step for step in steps if isinstance(step, StartGateways))
    assert start.before.ids == {old.id}


def test_a_crash_after_the_quit_clears_the_one_that_has_ended() -> None:
    ended = container(1, state=ContainerState.EXITED)
    assert plan(gateway(ended, container(2, NEW))) == snapshot("""\
  1  remove leftovers of nginx: shop-nginx-1 (111111111111)  (an interrupted run left them)
     ── no way back after this ──
  2  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_without_an_edge_the_old_one_stops_first_and_the_plan_shows_the_gap() -> None:
    alone = nginx(network_mode="bridge", **ours(order="stop-first"))
    assert plan(gateway(container(1), of=alone, edge=False)) == snapshot("""\
  1  create 1 replica of nginx  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  rehearse the new nginx without its ports  (nothing unproven gets traffic)
  3  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  4  stop shop-nginx-1 (111111111111)  (GAP: nobody listens until the new one does)
  5  start the new nginx
  6  prove nginx: workers, listening sockets, every site
     ── no way back after this ──
  7  retire shop-nginx-1 (111111111111)  (replaced)
  8  renumber 1 replica of nginx  (names count from 1 again)\
""")


def test_what_a_killed_run_had_stopped_first_is_started_again_where_the_next_one_fails() -> None:
    """The new one is all that listens; its way back alone would leave nobody."""
    alone = nginx(network_mode="bridge", **ours(order="stop-first"))
    old, made = container(1, state=ContainerState.EXITED), container(2, NEW)
    observed = Observed("shop", (gateway(old, made, of=alone, edge=False),))
    known = doubted(observed, {"nginx": [old.id]}, [old.id])
    assert str(plan_rollout(known, {old.id: "image moved"})) == snapshot("""\
  1  hand the current upstreams to the new nginx: /etc/nginx/app.conf  (before it listens)
  2  stop shop-nginx-1 (111111111111)  (an interrupted rollout had stopped them)
  3  start the new nginx
  4  prove nginx: workers, listening sockets, every site
     ── no way back after this ──
  5  retire shop-nginx-1 (111111111111)  (replaced)
  6  renumber 1 replica of nginx  (names count from 1 again)\
""")


@pytest.mark.parametrize(("settings", "shares"), [({}, True), (ours(order="stop-first"), False)])
def test_only_what_listens_beside_the_old_one_has_to_share_its_ports(
    settings: dict[str, Any], *, shares: bool
) -> None:
    observed = Observed("shop", (gateway(container(1), of=nginx(**settings)),))
    steps = plan_rollout(observed, outgoing(observed)).steps
    (rehearse,) = (step for step in steps if isinstance(step, RehearseGateway))
    assert rehearse.shares == shares


def test_a_gateway_that_is_up_to_date_is_left_alone() -> None:
    assert plan(gateway(container(1, NEW))) == "nothing to do"


def test_it_can_be_watched_before_the_old_one_goes() -> None:
    text = plan(gateway(container(1), of=nginx(**ours(monitor="30s"))))
    assert text.index("watch nginx for 30s") < text.index("no way back") < text.index("quit shop")


def test_one_with_a_name_of_its_own_is_still_replaced_in_place() -> None:
    named = nginx(container_name="the-nginx", **ours(order="stop-first"))
    text = plan(replace(gateway(container(1), of=named)))
    assert "GAP" in text
    assert "rehearse" not in text


def test_a_gateway_that_stops_first_runs_what_the_file_wants_before() -> None:
    hook = [{"command": ["deregister"]}]
    own = nginx(pre_stop=hook, network_mode="bridge", **ours(order="stop-first"))
    old = replica(1, of="nginx")
    found = Observed("shop", (state((old,), of=own, front=Front((old.id,), None)),))
    steps = plan_rollout(found, outgoing(found)).steps
    (stop,) = (step for step in steps if isinstance(step, StopReplicas))
    assert stop.hooks == own.stop_hooks != ()
