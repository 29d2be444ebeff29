"""The include: an upstream rendered as a whole file, and parsed back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from composeroll.errors import GatewayError, Interrupted, SettingsError
from composeroll.model import Server, Upstream

if TYPE_CHECKING:
    import jinja2

TEMPLATE = Path(__file__).parents[1] / "templates" / "upstream.conf.j2"

SHARED_PARAMETERS = ("max_fails=", "fail_timeout=", "max_conns=", "slow_start=")
"""Parameters that apply to any replica; weights, states and names belong to a single server."""

LARGE_ZONE = "256k"
"""In nginx 1.26.3, 64k held 50 servers and failed at 100; the failed reload still exited with 0."""

STAND_IN_HOST = "224.0.0.0"
"""The host of the stand-in server of an upstream without replicas. No connection can be made to it,
even if a template omits the server's `down`. On a loopback address nginx itself might listen."""

DISCARD_PORT = 9
"""A stand-in server may have this port instead of the service's, of which it then says nothing."""

_FIRST = "# composeroll: upstream of service "
_PROJECT = " in project "
_REST = "; rewritten at every rollout"
_MANY_SERVERS = 40
_ROOMY_BYTES = 256 * 1024
_UNITS = {"k": 1024, "m": 1024**2}


def render_include(
    upstream: Upstream, project: str, service: str, template: str | None = None
) -> str:
    """Return the include's whole text. composeroll adds the first line, also to a user's template.

    Raises:
        GatewayError: the upstream has no server; nginx would reject it.
        SettingsError: the user's template cannot be read or rendered.
    """
    if not upstream.servers:
        raise GatewayError(f"upstream {upstream.name} would name no server, so it is not written")
    body = _render(Path(template) if template else TEMPLATE, upstream, project, service)
    return f"{_FIRST}{service}{_PROJECT}{project}{_REST}\n{body}"


EXAMPLE = (("192.0.2.1:80", "example"), ("192.0.2.2:80", "example"))
"""Servers that do not exist, for documentation (RFC 5737)."""


def added_by(template: str, upstream: Upstream, project: str, service: str) -> tuple[Server, ...]:
    """Return the servers that a user's template adds to those that it is given.

    Returns none if the template cannot be used, which is reported before a rollout.
    """
    given = with_servers(upstream, EXAMPLE)
    try:
        rendered = parse_include(render_include(given, project, service, template))
    except SettingsError:
        return ()
    servers = rendered.servers if rendered else ()
    return tuple(server for server in servers if server.address not in given.addresses)


def written_by(text: str) -> tuple[str, str] | None:
    """Return project and service from composeroll's first line, None if there is no such line."""
    first = text.partition("\n")[0]
    if not (first.startswith(_FIRST) and first.endswith(_REST)):
        return None
    service, _, project = first[len(_FIRST) : -len(_REST)].partition(_PROJECT)
    return (project, service) if project and service else None


def parse_include(text: str) -> Upstream | None:
    """Return the upstream of an include, None if the text is not exactly one upstream."""
    from composeroll.nginx.configuration.syntax import COMMENT, Unreadable, parse_text  # noqa: PLC0415 (late)
    from composeroll.nginx.configuration.upstreams import read_upstream  # noqa: PLC0415 (late)

    try:
        blocks = [d for d in parse_text(text, "include") if d.name != COMMENT]
    except Unreadable:
        return None
    if len(blocks) != 1 or blocks[0].name != "upstream" or not blocks[0].args:
        return None
    return read_upstream(blocks[0])


def with_servers(previous: Upstream, addresses: Sequence[tuple[str, str]]) -> Upstream:
    """Return the same upstream with other servers, given as (address, comment).

    Directives stay. Of the servers' parameters those stay that all previous servers shared and that
    apply to any replica. A zone that is too small for so many servers is enlarged.
    """
    kept = _shared_parameters(previous.servers)
    servers = tuple(Server(address, kept, comment) for address, comment in addresses)
    directives = previous.directives
    if len(servers) > _MANY_SERVERS:
        directives = tuple(map(_enlarged, directives))
    return replace(previous, servers=servers, directives=directives)


def with_stand_in(previous: Upstream, port: int) -> Upstream:
    """Return the same upstream with one server that is `down`: nginx answers 502 itself.

    `port` and the parameters that all servers shared are kept in it for a later rollout.
    """
    parameters = (*_shared_parameters(previous.servers), "down")
    return replace(previous, servers=(Server(f"{STAND_IN_HOST}:{port}", parameters),))


def _shared_parameters(servers: Sequence[Server]) -> tuple[str, ...]:
    lasting = [s.parameters for s in servers if "backup" not in s.parameters]
    usual = [parameters for parameters in lasting if "down" not in parameters] or lasting
    first = usual[0] if usual else ()
    shared = (p for p in first if all(p in others for others in usual))
    return tuple(p for p in shared if p.startswith(SHARED_PARAMETERS))


def _enlarged(directive: str) -> str:
    match directive.split():
        case ["zone", name, size] if _bytes(size) < _ROOMY_BYTES:
            return f"zone {name} {LARGE_ZONE}"
        case _:
            return directive


def _bytes(size: str) -> int:
    digits, unit = size[:-1], size[-1:].lower()
    return int(digits) * _UNITS[unit] if unit in _UNITS else int(size)


@cache
def _templates(directory: Path) -> jinja2.Environment:
    """Return a directory's templates, each compiled once, and again after its file has changed."""
    import jinja2  # noqa: PLC0415  (57 ms: only a switch needs it)

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(directory),
        autoescape=jinja2.select_autoescape(),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _render(template: Path, upstream: Upstream, project: str, service: str) -> str:
    try:
        found = _templates(template.parent).get_template(template.name)
        return found.render(upstream=upstream, project=project, service=service)
    except Interrupted:
        raise
    except Exception as error:  # jinja passes on any error that a template's expressions raise
        raise SettingsError(f"the template {template} cannot be used: {error}") from error
