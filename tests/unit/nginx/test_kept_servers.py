"""Servers that the user's own template keeps beside the service's."""

from __future__ import annotations

from pathlib import Path

import pytest

from composeroll.errors import Refused
from composeroll.nginx.discovery.discovery import Wanted, discover
from tests.unit.nginx.made import (
    BACKEND,
    REDIS,
    configured,
    subject,
    upstream,
)


def templated(tmp_path: Path, own: str) -> Wanted:
    """What the settings say where a template has a server of its own."""
    template = tmp_path / "upstream.conf.j2"
    each = "{% for s in upstream.servers %}server {{ s.address }};{% endfor %}"
    template.write_text(f"upstream {{{{ upstream.name }}}} {{ {each} server {own}; }}")
    return Wanted(template=str(template))


@pytest.mark.parametrize(
    ("own", "server", "left"),
    [
        ("legacy.example.com:9000", "legacy.example.com:9000 weight=3", {"10.0.0.5:9000"}),
        ("redis:9000", "redis:9000", {"10.0.0.5:9000"}),
        ("127.0.0.1:81 backup", "127.0.0.1:81 backup", {"10.0.0.5:9000"}),
        ("php-fpm:9000 backup", "php-fpm:9000 backup", {"10.0.0.5:9000"}),
        ("php-fpm:9000 backup", "php-fpm:9000", {"10.0.0.5:9000", "php-fpm:9000"}),
        ("PHP-FPM:9000 down", "PHP-FPM:9000", {"10.0.0.5:9000", "PHP-FPM:9000"}),
    ],
)
def test_a_server_that_the_users_template_keeps_is_nobodys_concern(
    tmp_path: Path, own: str, server: str, left: set[str]
) -> None:
    """But the service's own name is, wherever it does more than stand by."""
    configuration = configured(backend=upstream("10.0.0.5:9000", server))
    found = discover(configuration, subject(REDIS), templated(tmp_path, own))
    assert found is not None
    assert found.upstream.addresses == left


def test_a_server_elsewhere_that_no_template_keeps_is_refused_beside_one_that_is_kept(
    tmp_path: Path,
) -> None:
    both = upstream("10.0.0.5:9000", "legacy.example.com:9000", "other.example.com:9000")
    with pytest.raises(Refused, match=r"too: other\.example\.com:9000$"):
        discover(
            configured(backend=both), subject(), templated(tmp_path, "legacy.example.com:9000")
        )


def test_a_template_that_sends_requests_to_the_services_name_is_refused(tmp_path: Path) -> None:
    wanted = templated(tmp_path, "php-fpm:9000 resolve")
    with pytest.raises(Refused, match="names php-fpm itself") as refused:
        discover(configured(backend=BACKEND), subject(), wanted)
    assert "make it a `backup`" in (refused.value.help or "")
