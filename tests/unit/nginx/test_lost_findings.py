"""What a rollout would leave out of an upstream is told beforehand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Severity
from composeroll.nginx.discovery.discovery import Wanted, discover
from composeroll.nginx.findings.lost import lost_findings
from composeroll.nginx.include import parse_include, render_include
from tests.unit.nginx.made import configured, subject


def lost(*servers: str, ours: bool = False) -> list[str]:
    text = f"upstream backend {{ {' '.join(f'server {server};' for server in servers)} }}"
    if ours and (upstream := parse_include(text)):
        text = render_include(upstream, "staging", "php-fpm")
    configuration = configured(backend=text)
    found = discover(configuration, subject(), Wanted(upstream="backend"))
    assert found is not None
    findings = lost_findings(configuration, subject(), found)
    assert all(f.severity is Severity.WARNING for f in findings)
    assert all("x-composeroll.template" in f.help for f in findings)
    return [f.what for f in findings]


def test_a_backup_is_told() -> None:
    (what,) = lost("10.0.0.5:9000", "web.example.com:81 backup")
    assert what == "`server web.example.com:81 backup` would be lost in a rollout"


@pytest.mark.parametrize("other", ["10.9.9.9:9000", "127.0.0.1:9000", "unix:/run/fpm.sock"])
def test_an_address_that_no_replica_has_beside_one_that_one_has_is_told(other: str) -> None:
    (what,) = lost("10.0.0.5:9000", other)
    assert what.startswith(f"`server {other}` is not a replica of php-fpm")


@pytest.mark.parametrize("host", ["php-fpm", "10.0.0.5"])
def test_a_second_port_of_the_replicas_is_told(host: str) -> None:
    configuration = configured(
        backend=f"upstream backend {{ server {host}:9000; server {host}:9001; }}"
    )
    found = discover(configuration, subject(), Wanted())
    assert found is not None
    (finding,) = lost_findings(configuration, subject(), found)
    assert finding.severity is Severity.WARNING
    assert finding.what.startswith(f"`server {host}:9001` would be lost in a rollout")


def test_a_port_that_has_moved_is_no_second_one() -> None:
    configuration = configured(backend="upstream backend { server php-fpm:9001; }")
    found = discover(configuration, subject(), Wanted(port=9000))
    assert found is not None
    assert lost_findings(configuration, subject(), found) == ()


def test_weights_that_differ_are_told() -> None:
    (what,) = lost("php-fpm:9000", "staging-php-fpm-2:9000 weight=3")
    assert what.endswith("php-fpm:9000 weight=1, staging-php-fpm-2:9000 weight=3")


def test_the_weights_in_a_users_own_template_are_not_lost() -> None:
    weighed = "server 10.0.0.5:9000; server 10.0.0.6:9000 weight=3;"
    configuration = configured(backend=f"upstream backend {{ {weighed} }}")
    found = discover(configuration, subject(), Wanted(upstream="backend"))
    assert found is not None
    by_template = {
        template: [f.what for f in lost_findings(configuration, subject(), found)]
        for template in (None, "upstream.conf.j2")
        if (found := replace(found, template=template))
    }
    assert any("weights" in what for what in by_template[None])
    assert not any("weights" in what for what in by_template["upstream.conf.j2"])


@pytest.mark.parametrize(
    "servers",
    [
        ("10.0.0.5:9000",),
        ("10.0.0.8:9000", "10.0.0.9:9000"),
        ("10.0.0.5:9000 weight=3", "php-fpm:9000 weight=3"),
        ("10.0.0.5:9000", "10.9.9.9:9000 down weight=2"),
    ],
)
def test_what_a_rollout_is_there_to_replace_is_not_told(servers: tuple[str, ...]) -> None:
    assert lost(*servers) == []


def test_a_file_of_our_own_holds_what_the_next_one_will() -> None:
    assert lost("10.0.0.5:9000", "10.9.9.9:9000 weight=3", ours=True) == []
