"""What nginx listens on, who else may, and what can be asked there."""

from __future__ import annotations

import pytest

from composeroll.model import Site
from composeroll.nginx.configuration.listens import alone, listens_of, ports_of, sites_of
from composeroll.nginx.findings.sharing import migration_findings, quit_findings, sharing_findings
from composeroll.nginx.processes.listening import listening
from tests.unit.nginx.made import configured

BOTH = "server { listen 80 reuseport; } server { listen 80; server_name b.test; }"


@pytest.mark.parametrize(
    ("listen", "host", "port", "shown"),
    [
        ("listen 80;", "*", 80, "listen 80"),
        ("listen *:8080;", "*", 8080, "listen 8080"),
        ("listen 10.0.0.1;", "10.0.0.1", 80, "listen 10.0.0.1:80"),
        ("listen [::]:443 ssl;", "::", 443, "listen [::]:443"),
        ("listen 9000-9010;", "*", 9000, "listen 9000-9010"),
        ("listen 10.0.0.1:9000-9010 ssl;", "10.0.0.1", 9000, "listen 10.0.0.1:9000-9010"),
        ("listen [::]:9000-9010;", "::", 9000, "listen [::]:9000-9010"),
        ("listen front-2;", "front-2", 80, "listen front-2:80"),
        ("listen unix:/run/n.sock;", "unix:/run/n.sock", 0, "listen unix:/run/n.sock"),
        ("", "*", 80, "listen 80"),
    ],
)
def test_a_listen_is_read_in_every_form(listen: str, host: str, port: int, shown: str) -> None:
    (one,) = listens_of(configured(f"server {{ {listen} }}"))
    assert (one.host, one.port, str(one)) == (host, port, shown)


@pytest.mark.parametrize(
    ("servers", "lonely"),
    [
        (BOTH, []),
        ("server { listen 80; } server { listen 80; }", ["listen 80"]),
        ("server { listen 80; listen 81; } server { listen 80; }", ["listen 80", "listen 81"]),
        ("server { listen 80 reuseport; listen [::]:80; }", ["listen [::]:80"]),
        ("server { listen 80 reuseport; listen 443 ssl; }", ["listen 443"]),
        ("server { listen 443 ssl reuseport; listen 443 quic; }", ["listen 443"]),
        ("server { listen 443 ssl reuseport; listen 443 quic reuseport; }", []),
    ],
)
def test_a_socket_is_shared_where_one_of_its_directives_says_reuseport(
    servers: str, lonely: list[str]
) -> None:
    assert [str(one) for one in alone(configured(servers))] == lonely


def test_each_port_of_a_range_is_a_socket_and_one_of_them_is_asked() -> None:
    servers = "server { listen 80-82; } server { listen 81 reuseport; listen 82; listen 83; }"
    configuration = configured(servers)
    assert ports_of(configuration) == {80, 81, 82, 83}
    assert [str(one) for one in alone(configuration)] == ["listen 80-82", "listen 83"]
    assert [site.port for site in sites_of(configuration)] == [80, 81, 82, 83]
    assert [site.port for site in sites_of(configured("server { listen 80-82; }"))] == [80]
    assert not alone(configured("server { listen 80-81 reuseport; } server { listen 80; }"))


def test_ports_are_those_of_connections() -> None:
    servers = "server { listen 80; listen 443 quic; listen unix:/run/n.sock; listen [::]:8443; }"
    assert ports_of(configured(servers)) == {80, 8443}


def test_sites_are_what_anybody_can_ask_for_each_once() -> None:
    configuration = configured(
        "server { listen 80; listen 443 ssl; server_name _ ~^a *.b.test shop.test; }"
        "server { listen 80; server_name shop.test; }"
        "server { listen 8080 proxy_protocol; }"
        "server { listen [::]:80; listen 127.0.0.1:81; listen 443 quic; }"
        'server { listen 82; server_name $hostname "" -- !@# intranet; }'
    )
    assert sites_of(configuration) == (
        Site(80, "shop.test"),
        Site(443, "shop.test", tls=True),
        Site(8080, proxied=True),
        Site(80, ipv6=True),
        Site(82, "intranet"),
    )


def test_what_cannot_be_shared_is_refused_with_the_line_to_change() -> None:
    plain, unix = sharing_findings(configured("server { listen 80; listen unix:/run/n.sock; }"))
    assert "`listen 80` (/etc/nginx/nginx.conf:4) has no reuseport" in plain.what
    assert "write `listen 80 reuseport;`" in plain.help
    assert "remove the unix socket" in unix.help
    assert not sharing_findings(configured(BOTH))


def test_http_3_is_warned_of() -> None:
    (finding,) = sharing_findings(configured("server { listen 443 quic reuseport; }"))
    assert finding.severity == "warning"
    assert "HTTP/3 connections do not survive" in finding.what


@pytest.mark.parametrize(
    ("signal", "warned"), [("SIGTERM", 1), ("SIGQUIT", 0), ("QUIT", 0), ("3", 0)]
)
def test_a_stop_that_cuts_requests_is_warned_of(signal: str, warned: int) -> None:
    assert len(quit_findings("nginx", signal)) == warned


@pytest.mark.parametrize(("setting", "says"), [("0", "is 0"), ("", "cannot be read"), ("1", "")])
def test_waiting_connections_that_nobody_inherits_are_warned_of(setting: str, says: str) -> None:
    found = migration_findings("edge", setting)
    assert [says in f.what for f in found] == ([True] if says else [])
    assert all('services.edge.sysctls: {net.ipv4.tcp_migrate_req: "1"}' in f.help for f in found)


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
   3: 0500000A:0050 0600000A:E000 01 00000000:00000000 00:00000000 00000000     0        0 444 1
"""


@pytest.mark.parametrize(
    ("held", "ports"),
    [
        ("socket:[222]\nsocket:[444]\n/dev/null\n", {80}),
        ("socket:[222]\nsocket:[333]\n", {80, 443}),
        ("socket:[999]\n", set()),
        ("", None),
    ],
)
def test_only_sockets_of_its_own_count_as_its_ports(held: str, ports: set[int] | None) -> None:
    assert listening(held + TABLE) == ports
