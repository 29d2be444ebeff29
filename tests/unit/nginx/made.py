"""Makers of what the tests put in: replicas, dumps, configurations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from composeroll.model import Attachment, ContainerState, Replica
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from composeroll.nginx.discovery.discovery import Subject

RECORDED = Path(__file__).parent / "recorded"
MAIN = "/etc/nginx/nginx.conf"
INCLUDE = "/etc/nginx/upstreams/backend.conf"

BACKEND = "upstream backend { server 10.0.0.5:9000; }\n"
SITE = "server { listen 80; location / { fastcgi_pass backend; } }"


def replica(
    service: str = "php-fpm",
    number: int = 1,
    ipv4: str = "10.0.0.5",
    exposed: tuple[int, ...] = (9000,),
    ipv6: str = "",
) -> Replica:
    return Replica(
        id=f"{number:x}" * 64,
        name=f"staging-{service}-{number}",
        service=service,
        number=number,
        image="sha256:1",
        state=ContainerState.RUNNING,
        networks=(Attachment("n1", "staging_default", ipv4, ipv6, (service,)),),
        exposed=exposed,
    )


def subject(*others: Replica, own: Replica | None = None) -> Subject:
    """Service php-fpm of project staging, by default with one replica at 10.0.0.5."""
    return Subject("staging", "php-fpm", (own or replica(),), others)


def configured(http: str = SITE, **files: str) -> Configuration:
    """An nginx 1.30.6 whose http block holds `http` and includes `upstreams/*.conf`: `files`."""
    return configured_with(files, http)


def configured_with(
    files: Mapping[str, str], http: str = SITE, version: tuple[int, ...] = (1, 30, 6)
) -> Configuration:
    upstreams = {f"/etc/nginx/upstreams/{name}.conf": text for name, text in files.items()}
    main = f"events {{}}\nhttp {{\ninclude upstreams/*.conf;\n{http}\n}}\n"
    return read_configuration(join_dump({MAIN: main, **upstreams}), version)


def join_dump(files: Mapping[str, str]) -> str:
    """What `nginx -T` prints of these files."""
    return "".join(f"# configuration file {path}:\n{text}\n" for path, text in files.items())


def recorded(name: str) -> Configuration:
    return read_configuration((RECORDED / name).read_text(encoding="utf-8"))


REDIS = replica("redis", 2, "10.0.0.6", (6379,))


def upstream(*addresses: str, name: str = "backend") -> str:
    """A block with these servers."""
    servers = " ".join(f"server {address};" for address in addresses)
    return f"upstream {name} {{ {servers} }}"
