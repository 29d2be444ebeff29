"""The include: an upstream rendered as a whole file, and read back."""

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

STAYING_PARAMETERS = ("max_fails=", "fail_timeout=", "max_conns=", "slow_start=")
"""What a user says of every replica alike; weights, states and names belong to one server."""

ROOMY_ZONE = "256k"
"""64k held 50 servers and failed at 100, and the reload that failed still ended with 0 (1.26.3)."""

NOBODY = "224.0.0.0"
"""The host of a server that stands for none: no connection goes there, even where a template
leaves its `down` out. On a loopback address nginx itself might listen."""

DISCARD_PORT = 9
"""A stand-in may have it instead of the service's port: it says nothing."""

_FIRST = "# composeroll: upstream of service "
_PROJECT = " in project "
_REST = "; rewritten at every rollout"
_MANY_SERVERS = 40
_ROOMY_BYTES = 256 * 1024
_UNITS = {"k": 1024, "m": 1024**2}


def render_include(
    upstream: Upstream, project: str, service: str, template: str | None = None
) -> str:
    """The include's whole text. The first line is ours even where the template is the user's.

    Raises:
        GatewayError: the upstream has no server, which nginx would reject.
        SettingsError: the user's template cannot be read or rendered.
    """
    if not upstream.servers:
        raise GatewayError(f"upstream {upstream.name} would name no server, so it is not written")
    body = _render(Path(template) if template else TEMPLATE, upstream, project, service)
    return f"{_FIRST}{service}{_PROJECT}{project}{_REST}\n{body}"


EXAMPLE = (("192.0.2.1:80", "example"), ("192.0.2.2:80", "example"))
"""Servers that do not exist (RFC 5737)."""


def added_by(template: str, upstream: Upstream, project: str, service: str) -> tuple[Server, ...]:
    """The servers that a user's template names by itself, whatever servers it is given.

    None of one that cannot be used, which is told before a rollout.
    """
    given = with_servers(upstream, EXAMPLE)
    try:
        rendered = parse_include(render_include(given, project, service, template))
    except SettingsError:
        return ()
    servers = rendered.servers if rendered else ()
    return tuple(server for server in servers if server.address not in given.addresses)


def written_by(text: str) -> tuple[str, str] | None:
    """The project and service named in our own first line, None where the file is not ours."""
    first = text.partition("\n")[0]
    if not (first.startswith(_FIRST) and first.endswith(_REST)):
        return None
    service, _, project = first[len(_FIRST) : -len(_REST)].partition(_PROJECT)
    return (project, service) if project and service else None


def parse_include(text: str) -> Upstream | None:
    """The one upstream of an include, None where the text is not exactly one upstream."""
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
    """The same upstream with other servers, as (address, comment).

    Directives stay. Of the servers' parameters those stay that all previous ones shared and that
    are true of any replica. A zone too small for so many servers grows.
    """
    kept = _shared_parameters(previous.servers)
    servers = tuple(Server(address, kept, comment) for address, comment in addresses)
    directives = previous.directives
    if len(servers) > _MANY_SERVERS:
        directives = tuple(map(_roomy, directives))
    return replace(previous, servers=servers, directives=directives)


def without_servers(previous: Upstream, port: int) -> Upstream:
    """The same upstream with a server that nginx never asks: it answers 502 itself.

    The port and the parameters that all servers shared stay, for the next who reads it.
    """
    parameters = (*_shared_parameters(previous.servers), "down")
    return replace(previous, servers=(Server(f"{NOBODY}:{port}", parameters),))


def _shared_parameters(servers: Sequence[Server]) -> tuple[str, ...]:
    lasting = [s.parameters for s in servers if "backup" not in s.parameters]
    usual = [parameters for parameters in lasting if "down" not in parameters] or lasting
    first = usual[0] if usual else ()
    shared = (p for p in first if all(p in others for others in usual))
    return tuple(p for p in shared if p.startswith(STAYING_PARAMETERS))


def _roomy(directive: str) -> str:
    match directive.split():
        case ["zone", name, size] if _bytes(size) < _ROOMY_BYTES:
            return f"zone {name} {ROOMY_ZONE}"
        case _:
            return directive


def _bytes(size: str) -> int:
    digits, unit = size[:-1], size[-1:].lower()
    return int(digits) * _UNITS[unit] if unit in _UNITS else int(size)


@cache
def _templates(directory: Path) -> jinja2.Environment:
    """The templates of a directory, each compiled once, and again when its file has changed."""
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
    except Exception as error:  # jinja passes on whatever a template's own expressions raise
        raise SettingsError(f"the template {template} cannot be used: {error}") from error
