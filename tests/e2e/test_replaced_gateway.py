"""nginx itself is replaced by another one on the same ports, and no request notices."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.rolling import DRAIN, FULL, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import HTTPS, Stack
from tests.e2e.harness.trouble import CALM, brief_load, ended_with, nobody_notices, update

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

MEND = "of gateway, or its service in the compose file, then run the same command again"
"""The end of what helps where a container of the gateway has died."""

WHICH = replace(FULL, version_header="X-Gateway")
"""Every kind of request but websockets, which end with the nginx that they go through."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas of the app behind an edge, for all tests of this file."""
    with running(recipe.edge(), tmp_path_factory.mktemp("edge")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


def which(stack: Stack) -> tuple[str, str]:
    """The version of the gateway that answers now, and the next one."""
    (gateway,) = stack.gateways
    text = docker.files(gateway.id, "/opt/nginx/conf.d")["version.conf"]
    now = text.split()[2]
    return now, str(int(now) + 1)


def is_tidy(stack: Stack, before: claims.Before) -> None:
    """One gateway, of the new image, with the include of now, and nothing besides."""
    claims.all_are_new(stack, "gateway", before.containers, 1)
    claims.names_count_from_one(stack, "gateway")
    claims.the_include_names_exactly_the_replicas(stack, "app")
    claims.others_were_not_touched(stack, ("gateway",), before.containers)
    claims.nothing_is_left_over(stack, before)
    claims.compose_has_nothing_to_do(stack)


def test_nginx_is_replaced_under_http_and_https_between_updates_of_its_service(
    stack: Stack,
) -> None:
    before = claims.Before.of(stack)
    with (
        under_load(stack, WHICH) as load,
        under_load(stack, WHICH, url=stack.urls(HTTPS)[0]) as tls,
    ):
        for version, service in (("2", "gateway"), ("2", "app"), ("3", "gateway")):
            stack.push(version, service)
            ended_with(stack.update(service, *DRAIN), 0)
    for one in (load, tls):
        claims.nothing_was_lost(one.result())
        assert set(one.result().versions()) == {"1", "2", "3"}
    claims.all_are_new(stack, "gateway", before.containers, 1)
    claims.all_are_new(stack, "app", before.containers, 2)
    claims.names_count_from_one(stack, "gateway")
    claims.the_include_names_exactly_the_replicas(stack, "app")
    claims.others_were_not_touched(stack, ("gateway", "app"), before.containers)
    claims.nothing_is_left_over(stack, before)
    claims.compose_has_nothing_to_do(stack)


def test_a_stack_is_updated_whole_and_nginx_goes_last(stack: Stack) -> None:
    before, (_, new) = claims.Before.of(stack), which(stack)
    stack.push(new, "gateway")
    stack.push("whole", "app")
    with under_load(stack, replace(WHICH, rate=130)) as load:
        done = stack.update("--all", *DRAIN)
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    for service, count in (("app", 2), ("gateway", 1)):
        claims.all_are_new(stack, service, before.containers, count)
    claims.nginx_started_last(stack, "app")
    claims.others_were_not_touched(stack, ("app", "gateway"), before.containers)
    claims.nothing_is_left_over(stack, before)
    claims.compose_has_nothing_to_do(stack)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("syntax", ('unknown directive "nonsense"', MEND)),
        ("exits", ("no licence", MEND)),
        ("idle", ("no nginx accepts connections", MEND)),
        ("other-port", ("does not listen on port 80, as the present one does",)),
        ("alone", ("has no reuseport, so no second nginx can listen there",)),
        ("not-found", ("answered 404 for http://app.test:80, where the present one answered 200",)),
        ("other-include", ("does not read /opt/nginx/include/app.include",)),
        ("forgets", ("starts with a different /opt/nginx/include/app.include than it was given",)),
    ],
)
def test_a_broken_gateway_is_found_out_before_it_takes_a_request(
    stack: Stack, broken: str, says: tuple[str, ...]
) -> None:
    with nobody_notices(stack, pulled=True):
        stack.push(broken, "gateway", BROKEN=broken)
        done = stack.update("gateway", "--ready-timeout", "3s")
    ended_with(done, 1, *says, "what served before keeps serving")
    assert not docker.names_with(f"rehearsal.{stack.project}")


def test_killed_while_the_old_nginx_ends_the_same_command_finishes(stack: Stack) -> None:
    before, (_, new) = claims.Before.of(stack), which(stack)
    with brief_load(stack, replace(CALM, version_header="X-Gateway")) as load:
        stack.push(new, "gateway")
        killed_at(stack, "await")
        done = stack.update("gateway")
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    is_tidy(stack, before)


def killed_at(stack: Stack, step: str) -> None:
    """Begin an update of the gateway, and kill it where a step begins."""
    with update(stack, "gateway", pause=step) as run:
        run.step(step)
        run.process.kill()
        run.process.wait()


def test_where_the_new_nginx_has_died_since_its_proof_the_old_one_is_not_told_to_quit(
    stack: Stack,
) -> None:
    before, (now, new) = claims.Before.of(stack), which(stack)
    stack.push(new, "gateway")
    with update(stack, "gateway", pause="quit") as run:
        run.step("quit")
        *_, newest = stack.gateways
        docker.docker("rm", "--force", newest.id)
        run.go_on()
        done = run.end()
    ended_with(done, 5, "no other nginx takes requests any more", "the old nginx keeps serving")
    with under_load(stack, replace(CALM, version_header="X-Gateway")) as load:
        ended_with(stack.update("gateway"), 0)
    claims.nothing_was_lost(load.result())
    assert set(load.result().versions()) == {now, new}
    is_tidy(stack, before)


def test_while_two_gateways_listen_a_service_is_updated_in_both(stack: Stack) -> None:
    before, (_, new) = claims.Before.of(stack), which(stack)
    stack.push(new, "gateway")
    killed_at(stack, "prove")
    assert len(stack.gateways) == 2
    with brief_load(stack) as load:
        stack.push("both", "app")
        ended_with(stack.update("app", *DRAIN), 0)
    claims.nothing_was_lost(load.result())
    claims.the_include_names_exactly_the_replicas(stack, "app")
    assert len(set(stack.includes("app"))) == 1
    ended_with(stack.update("gateway"), 0)
    claims.all_are_new(stack, "gateway", before.containers, 1)


def test_https_ipv6_and_http_2_stay_and_nobody_rolls_a_service_meanwhile(stack: Stack) -> None:
    assert speaks_http_2(stack)
    _, new = which(stack)
    stack.push(new, "gateway")
    with (
        under_load(stack, CALM, url=stack.urls(8080)[0]) as six,
        update(stack, "gateway", pause="rehearse") as run,
    ):
        run.step("rehearse")
        beside = stack.update("app")
        run.go_on()
        ended_with(run.end(), 0)
    ended_with(beside, 4, "app is locked by", "gateway")
    claims.nothing_was_lost(six.result())
    assert speaks_http_2(stack)


def speaks_http_2(stack: Stack) -> bool:
    """Whether the published port agrees on HTTP/2 in its TLS handshake (RFC 9113, 3.2)."""
    place = urlsplit(stack.urls(HTTPS)[0])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((place.hostname, place.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="app.test") as connection,
    ):
        return connection.selected_alpn_protocol() == "h2"


def test_a_gateway_with_ports_of_its_own_is_refused_with_the_lines_that_help(start: Start) -> None:
    stack = start(recipe.app("fixed-port", gateway="replaced-forky"))
    done = stack.update("gateway", "--pull", "never", "--force")
    ended_with(done, 3, "publishes its ports itself", "network_mode: service:edge", "sysctls")
    done = stack.composeroll("check", *stack.selection)
    ended_with(done, 0, "publishes its ports itself")
    before = claims.Before.of(stack)
    done = stack.update("gateway", "--pull", "never", "--force", "--order", "stop-first")
    ended_with(done, 0, "GAP: nobody listens until the new one does")
    claims.names_count_from_one(stack, "gateway")
    claims.nothing_is_left_over(stack, before)


def test_the_edge_itself_is_refused(stack: Stack) -> None:
    done = stack.update("edge", "--pull", "never", "--force", "--order", "stop-first")
    ended_with(done, 3, "gateway shares the network namespace of edge")
