"""What a plan says in the main situations: the text is what people read, and what runs."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from msgspec.structs import replace

from composeroll.errors import Refused
from composeroll.model import ContainerState, Mount, Server, Upstream
from composeroll.rollout.observing.doubted import doubted
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.scale import surplus
from tests.unit.rollout.makers import NEW, ours, plan, replica, service, state, wiring


def test_what_is_up_to_date_is_left_alone() -> None:
    assert plan(state([replica(1, NEW), replica(2, NEW)], wiring(1, 2))) == "nothing to do"


def test_nothing_goes_of_a_service_whose_place_cannot_be_told_any_more() -> None:
    """Without a switch, nginx would go on naming what is retired."""
    lost = state([replica(1)], refusal=Refused("nginx rejects its files"))
    with pytest.raises(Refused, match="nginx rejects its files"):
        plan(state([replica(2)]), lost)


def test_two_outdated_replicas_are_doubled_switched_drained_and_retired() -> None:
    assert plan(state([replica(1), replica(2)], wiring(1, 2))) == snapshot("""\
  1  create 2 replicas of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  drain shop-app-1 (111111111111), shop-app-2 (222222222222) for up to 1m
     ── no way back after this ──
  6  retire shop-app-1 (111111111111), shop-app-2 (222222222222)  (replaced)
  7  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_one_batch_at_a_time_leaves_the_names_for_the_last() -> None:
    one = service(**ours(batch=1))
    three = [replica(1), replica(2), replica(3)]
    assert plan(state(three, wiring(1, 2, 3), of=one)) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  6  retire shop-app-1 (111111111111)  (replaced)
     then the same for 2 more of app\
""")


def test_a_crash_in_the_middle_of_a_retire_goes_on_with_what_is_left() -> None:
    there = [replica(2), replica(3, NEW), replica(4, NEW)]
    assert plan(state(there, wiring(3, 4))) == snapshot("""\
  1  await app ready  (nothing unproven gets traffic)
  2  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  3  drain shop-app-2 (222222222222) for up to 1m
     ── no way back after this ──
  4  retire shop-app-2 (222222222222)  (replaced)
  5  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_a_crash_before_the_start_clears_what_was_created() -> None:
    there = [replica(1), replica(2, NEW, state=ContainerState.CREATED)]
    assert plan(state(there, wiring(1))) == snapshot("""\
  1  remove leftovers of app: shop-app-2 (222222222222)  (they do not run, and compose counts \
them)
  2  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  3  start the new replicas of app  (next to the old ones)
  4  await app ready  (nothing unproven gets traffic)
  5  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  6  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  7  retire shop-app-1 (111111111111)  (replaced)
  8  renumber 1 replica of app  (names count from 1 again)\
""")


def test_a_crash_after_the_start_proves_the_new_ones_before_anything_else() -> None:
    assert plan(state([replica(1), replica(2, NEW)], wiring(1))) == snapshot("""\
  1  await app ready  (nothing unproven gets traffic)
  2  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  3  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  4  retire shop-app-1 (111111111111)  (replaced)
  5  renumber 1 replica of app  (names count from 1 again)\
""")


def test_what_a_broken_rollout_started_is_gone_on_with_and_goes_if_it_fails() -> None:
    new = replica(2, NEW)
    half = state([replica(1), new], wiring(1), doubtful=True, half_made=frozenset({new.id}))
    assert plan(half) == snapshot("""\
  1  adopt shop-app-2 (222222222222)  (an interrupted rollout made them)
  2  await app ready  (nothing unproven gets traffic)
  3  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  4  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  5  retire shop-app-1 (111111111111)  (replaced)
  6  renumber 1 replica of app  (names count from 1 again)\
""")


def test_what_a_broken_rollout_started_stays_where_nothing_else_runs() -> None:
    new, old = replica(2, NEW), replica(1, NEW, state=ContainerState.EXITED)
    found = Observed("shop", (state([old, new], wiring(9)),))
    assert "go on with" not in plan(*doubted(found, {"app": [old.id]}, [old.id]).services)


def test_what_serves_by_a_name_alone_is_pinned_though_a_broken_rollout_made_it() -> None:
    """All else is gone: its successors would get requests, unproven, by the same name."""
    by_name = replace(wiring(), upstream=Upstream("app", (Server("app:80"),)))
    found = Observed("shop", (state([replica(2)], by_name),))
    first, *_ = plan(
        *doubted(found, {"app": [replica(1).id]}, [replica(1).id]).services
    ).splitlines()
    assert first.startswith("  1  pin upstream app to the replicas of app that serve now")


def test_of_mixed_replicas_only_the_outdated_go() -> None:
    assert plan(state([replica(1, NEW), replica(2)], wiring(1, 2))) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  drain shop-app-2 (222222222222) for up to 1m
     ── no way back after this ──
  6  retire shop-app-2 (222222222222)  (replaced)
  7  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_more_in_the_file_than_run_is_made_up_for() -> None:
    assert plan(state([replica(1, NEW)], wiring(1), of=service(scale=3))) == snapshot("""\
  1  create 2 replicas of app  (1 of 3 run)
  2  start the new replicas of app
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
     ── no way back after this ──
  5  renumber 3 replicas of app  (names count from 1 again)\
""")


def test_a_service_that_does_not_run_yet_is_started() -> None:
    assert plan(state([], wiring())) == snapshot("""\
  1  create 1 replica of app  (the service does not run yet)
  2  start the new replicas of app
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
     ── no way back after this ──
  5  renumber 1 replica of app  (names count from 1 again)\
""")


def test_a_misled_upstream_is_mended_without_touching_a_replica() -> None:
    assert plan(state([replica(1, NEW), replica(2, NEW)], wiring(7, 8))) == snapshot("""\
  1  await app ready  (nothing unproven gets traffic)
  2  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx\
""")


def test_a_worker_is_updated_without_a_switch() -> None:
    assert plan(state([replica(1), replica(2)])) == snapshot("""\
  1  create 2 replicas of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
     ── no way back after this ──
  4  retire shop-app-1 (111111111111), shop-app-2 (222222222222)  (replaced)
  5  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_code_is_replaced_first_and_php_fpm_after_it() -> None:
    code = state([replica(9, of="code")], of=service("code"), data_only=True)
    fpm = service("fpm", volumes_from=["code"])
    app = state([replica(1, NEW, of="fpm")], wiring(1, upstream="fpm"), of=fpm)
    assert plan(code, app) == snapshot("""\
  1  replace 1 replica of code in place, with new volumes  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  await code done  (others start with what it leaves)
  3  create 1 replica of fpm  (its code in code is replaced)
  4  start the new replicas of fpm  (next to the old ones)
  5  await fpm ready  (nothing unproven gets traffic)
  6  point upstream fpm at the ready replicas of fpm: /etc/nginx/fpm.conf in nginx
  7  drain shop-fpm-1 (111111111111) for up to 1m
     ── no way back after this ──
  8  retire shop-fpm-1 (111111111111)  (replaced)
  9  renumber 1 replica of fpm  (names count from 1 again)\
""")


def test_a_migration_with_a_name_of_its_own_is_replaced_and_nobody_misses_it() -> None:
    """Only one container can have the name, and the old one has ended."""
    named = service("migrate", container_name="the-migration")
    ended = replica(9, of="migrate", name="the-migration", state=ContainerState.EXITED)
    migrate = state([ended], of=named, must_end=True, ran=True)
    assert plan(migrate) == snapshot("""\
  1  replace 1 replica of migrate in place  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  await migrate done  (others start with what it leaves)\
""")


def test_a_migration_that_others_wait_for_is_awaited_to_its_end() -> None:
    migration = replica(9, of="migrate", state=ContainerState.EXITED)
    migrate = state([migration], of=service("migrate"), must_end=True)
    app = state([replica(1)], wiring(1))
    assert plan(migrate, app) == snapshot("""\
  1  remove leftovers of migrate: shop-migrate-9 (999999999999)  (they do not run, and compose \
counts them)
  2  create 1 replica of migrate  (the service does not run yet)
  3  start the new replicas of migrate
  4  await migrate done  (others start with what it leaves)
  5  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  6  start the new replicas of app  (next to the old ones)
  7  await app ready  (nothing unproven gets traffic)
  8  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  9  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
 10  retire shop-app-1 (111111111111)  (replaced)
 11  renumber 1 replica of migrate  (names count from 1 again)
 12  renumber 1 replica of app  (names count from 1 again)\
""")


def test_stop_first_says_where_the_gap_is() -> None:
    gap = service(**ours(order="stop-first"))
    assert plan(state([replica(1)], wiring(1), of=gap)) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  stop shop-app-1 (111111111111)  (GAP: app does not answer until its new replicas are ready)
  3  start the new replicas of app
  4  await app ready  (nothing unproven gets traffic)
  5  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
     ── no way back after this ──
  6  retire shop-app-1 (111111111111)  (replaced)
  7  renumber 1 replica of app  (names count from 1 again)\
""")


def test_a_container_name_means_replacing_in_place_with_a_gap() -> None:
    named = service(container_name="the-app", **ours(order="stop-first"))
    assert plan(state([replica(1, name="the-app")], wiring(1), of=named)) == snapshot("""\
  1  replace 1 replica of app in place  (image aaaaaaaaaaaa → bbbbbbbbbbbb; GAP: app does not \
answer until its new replicas are ready)
  2  await app ready  (nothing unproven gets traffic)
  3  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx\
""")


def test_force_replaces_what_is_up_to_date() -> None:
    assert plan(state([replica(1, NEW)], wiring(1)), force=True) == snapshot("""\
  1  create 1 replica of app  (asked for by --force)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  6  retire shop-app-1 (111111111111)  (replaced)
  7  renumber 1 replica of app  (names count from 1 again)\
""")


def test_watching_stands_between_the_switch_and_the_drain() -> None:
    watched = service(**ours(monitor="30s", drain={"timeout": "2m"}))
    assert plan(state([replica(1)], wiring(1), of=watched)) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  watch app for 30s  (at most 5% of answers may be 5xx)
  6  drain shop-app-1 (111111111111) for up to 2m
     ── no way back after this ──
  7  retire shop-app-1 (111111111111)  (replaced)
  8  renumber 1 replica of app  (names count from 1 again)\
""")


def test_a_drain_that_cuts_long_connections_says_so() -> None:
    cut = service(**ours(drain={"long_connections": "cut", "long_after": "30s"}))
    text = plan(state([replica(1)], wiring(1), of=cut))
    assert "for up to 1m, not for connections open for 30s" in text


def test_one_service_that_waits_makes_a_common_drain_wait() -> None:
    cut = service(**ours(drain={"long_connections": "cut"}))
    app = state([replica(1)], wiring(1), of=cut)
    api = state([replica(5, of="api")], wiring(5, upstream="api"), of=service("api"))
    assert "not for connections" not in plan(app, api)


def test_a_detached_drain_is_the_end_of_the_plan() -> None:
    detached = service(**ours(monitor="30s", drain={"timeout": "12h", "detach": True}))
    assert plan(state([replica(1)], wiring(1), of=detached)) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  5  watch app for 30s  (at most 5% of answers may be 5xx)
     ── no way back after this ──
  6  leave shop-app-1 (111111111111) to drain for up to 12h  (`composeroll sync app` ends it)\
""")


def test_what_nginx_sends_nothing_to_has_nothing_to_drain() -> None:
    detached = service(**ours(drain={"detach": True}))
    assert "drain on" not in plan(state([replica(1)], of=detached))


def test_two_services_share_one_switch() -> None:
    app = state([replica(1)], wiring(1))
    api = state([replica(5, of="api")], wiring(5, upstream="api"), of=service("api"))
    assert plan(app, api) == snapshot("""\
  1  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  2  start the new replicas of app  (next to the old ones)
  3  await app ready  (nothing unproven gets traffic)
  4  create 1 replica of api  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  5  start the new replicas of api  (next to the old ones)
  6  await api ready  (nothing unproven gets traffic)
  7  point upstreams app, api at the ready replicas of app, api, in nginx
  8  drain shop-app-1 (111111111111), shop-api-5 (555555555555) for up to 1m
     ── no way back after this ──
  9  retire shop-app-1 (111111111111), shop-api-5 (555555555555)  (replaced)
 10  renumber 1 replica of app  (names count from 1 again)
 11  renumber 1 replica of api  (names count from 1 again)\
""")


def test_only_the_names_are_left_to_do() -> None:
    assert plan(state([replica(3, NEW), replica(4, NEW)], wiring(3, 4))) == snapshot("""\
     ── no way back after this ──
  1  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_crash_looping_replicas_that_are_up_to_date_are_made_anew_as_many_as_they_are() -> None:
    there = [replica(n, NEW, state=ContainerState.RESTARTING) for n in (1, 2)]
    assert plan(state(there)) == snapshot("""\
  1  remove leftovers of app: shop-app-1 (111111111111), shop-app-2 (222222222222)  (they do not \
stay up, and compose counts them)
  2  create 2 replicas of app  (the service does not run yet)
  3  start the new replicas of app
  4  await app ready  (nothing unproven gets traffic)
     ── no way back after this ──
  5  renumber 2 replicas of app  (names count from 1 again)\
""")


def test_a_name_in_the_upstream_is_replaced_by_what_serves_before_anything_starts() -> None:
    """The engine's DNS gives the name to new replicas as soon as they start."""
    by_name = replace(wiring(), upstream=Upstream("app", (Server("app:80", ("resolve",)),)))
    assert plan(state([replica(1)], by_name)) == snapshot("""\
  1  pin upstream app to the replicas of app that serve now: /etc/nginx/app.conf in nginx  \
(nginx goes by the service's name, which leads to unready replicas too)
  2  create 1 replica of app  (image aaaaaaaaaaaa → bbbbbbbbbbbb)
  3  start the new replicas of app  (next to the old ones)
  4  await app ready  (nothing unproven gets traffic)
  5  point upstream app at the ready replicas of app: /etc/nginx/app.conf in nginx
  6  drain shop-app-1 (111111111111) for up to 1m
     ── no way back after this ──
  7  retire shop-app-1 (111111111111)  (replaced)
  8  renumber 1 replica of app  (names count from 1 again)\
""")


def test_volumes_that_somebody_outside_the_rollout_mounts_are_not_told_as_removed() -> None:
    volumes = (Mount("/code", "volume", writable=True, volume="a" * 64),)
    old = replace(replica(9, of="code"), mounts=volumes)
    code = state([old], of=service("code"), data_only=True)
    assert "remove the old volumes of code" in plan(code)
    assert "remove the old volumes" not in plan(replace(code, held=frozenset({"a" * 64})))


def test_what_scaling_down_lets_go_is_surplus_and_nothing_takes_its_place() -> None:
    observed = Observed("shop", (state([replica(1, NEW), replica(2, NEW)], wiring(1, 2)),), ())
    text = str(plan_rollout(observed, surplus(observed, {"app": 1}), {"app": 1}))
    assert "retire shop-app-2 (222222222222)  (surplus)" in text
    assert "create" not in text
