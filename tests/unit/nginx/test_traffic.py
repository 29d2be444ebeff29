"""What the gateways' logs tell of an upstream's servers, through the same door as all else."""

from __future__ import annotations

from composeroll.nginx.gateway import Gateway
from composeroll.nginx.gateways import Gateways
from tests.unit.nginx.fake import FakeNginx, VirtualClock
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, SITE, replica

HEAD = "events {}\nhttp {\ninclude upstreams/*.conf;\nlog_format up '$status $upstream_addr';\n"


def nginx(log: str = "access_log /dev/stdout up;") -> FakeNginx:
    """A gateway that logs so."""
    made = FakeNginx(VirtualClock(), {MAIN: f"{HEAD}{log}\n{SITE}\n}}\n", INCLUDE: BACKEND})
    made.output = [("1", "500 10.0.0.5:9000")]
    return made


def gateways(*several: FakeNginx) -> tuple[Gateways, list[str]]:
    """All of them, and their IDs."""
    made = [Gateway(one, replica("nginx", n), one.clock) for n, one in enumerate(several, 1)]
    return Gateways(made), [gateway.container.id for gateway in made]


def test_answers_are_told_from_the_moment_on_and_the_last_ones_from_before() -> None:
    one = nginx()
    all_of_them, ids = gateways(one)
    traffic = all_of_them.traffic(ids, "backend")
    assert [answer.status for answer in traffic.before] == [500]
    assert traffic.read() == ()
    one.output += [("2", "200 10.0.0.6:9000, 10.0.0.7:9000"), ("3", "not of this format")]
    assert [(a.address, a.status) for a in traffic.read()] == [
        ("10.0.0.6:9000", 502),
        ("10.0.0.7:9000", 200),
    ]
    assert traffic.seen


def test_the_answers_of_all_gateways_are_told() -> None:
    one, two = nginx(), nginx()
    all_of_them, ids = gateways(one, two)
    traffic = all_of_them.traffic(ids, "backend")
    one.output += [("2", "200 10.0.0.6:9000")]
    two.output += [("2", "503 10.0.0.6:9000")]
    assert sorted(answer.status for answer in traffic.read()) == [200, 503]


def test_a_log_that_cannot_be_read_hides_its_answers_and_says_why() -> None:
    bare = nginx("access_log /var/log/nginx/access.log up;")
    bare.has_shell = False
    all_of_them, ids = gateways(bare)
    traffic = all_of_them.traffic(ids, "backend")
    assert not traffic.seen
    assert traffic.hidden == ("/var/log/nginx/access.log cannot be read in the gateway",)
