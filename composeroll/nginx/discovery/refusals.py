"""Refusals: why a service's place in the gateway is not clear, and the line that makes it clear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from composeroll.errors import Refused
from composeroll.model import Protocol
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.passes import ANY_PORT, Pass
from composeroll.nginx.configuration.upstreams import Context, UpstreamBlock
from composeroll.nginx.discovery.subject import Subject, Wanted


def several_upstreams(subject: Subject, blocks: Sequence[UpstreamBlock]) -> Refused:
    """Return the refusal for several upstreams with the same sign."""
    names = [block.upstream.name for block in blocks]
    one = f"set x-composeroll.upstream in {subject.service} to one of them"
    if len({*names}) < len(names):
        files = " or ".join(dict.fromkeys(block.place.file for block in blocks))
        one = f"set x-composeroll.include in {subject.service} to the file of one of them: {files}"
    return Refused(
        f"nginx has {len(blocks)} upstreams that send requests to {subject.service}:"
        f" {' and '.join(names)}",
        help=one,
        evidence=_lines(blocks),
    )


def no_upstream(configuration: Configuration, subject: Subject, passes: Sequence[Pass]) -> Refused:
    """Return the refusal for passes straight to the service, without an upstream to rewrite.

    All passes to one port have to change together: nginx accepts no port after an upstream's name.
    """
    largest = _largest_group(passes)
    first, port = largest[0], _port(largest[0])
    name = _free_name(configuration, subject.service, port, largest)
    lines = tuple(dict.fromkeys(map(_line, largest)))
    said = f"line{'s' * (len(lines) > 1)} {' and '.join(lines)}"
    context = first.context if first.takes_upstream else _context_for(first)
    follow = (
        f"and let the {said} pass to {name} without a port"
        if first.takes_upstream
        else f"{by_loopback(first, name)}, and let the {said} name that"
    )
    server = f"{subject.stable_name(first.target)}:{port}"
    return Refused(
        f"nginx passes straight to {first.target}, without an upstream",
        help=f"write `upstream {name} {{ server {server}; }}` into a separate file,"
        f" include it in the {context} block, {follow}",
        evidence=tuple(
            dict.fromkeys(f"{p.place}: {p.directive} to {p.target}:{_port(p)}" for p in passes)
        ),
    )


def by_loopback(one: Pass, upstream: str) -> str:
    """Return the advice for a directive that accepts no upstream: to add a local `server` block."""
    to = f"proxy_pass {upstream};"
    if _context_for(one) is Context.HTTP:
        to = f"location / {{ proxy_pass http://{upstream}; }}"
    return (
        f"since {one.directive} takes no upstream, write `server {{ listen 127.0.0.1:PORT; {to} }}`"
        f" into the {_context_for(one)} block, with a free port"
    )


def _context_for(one: Pass) -> Context:
    """Return the part of nginx for the upstream of a directive that accepts no upstream."""
    return Context.HTTP if one.protocol is Protocol.HTTP else Context.STREAM


def _largest_group(passes: Sequence[Pass]) -> Sequence[Pass]:
    """Return the passes to the port with the most passes; those in `http` take precedence."""
    groups: dict[tuple[Context, int | str], list[Pass]] = {}
    for one in passes:
        groups.setdefault((one.context, _port(one)), []).append(one)
    return max(groups.values(), key=lambda some: (some[0].context is Context.HTTP, len(some)))


def _port(one: Pass) -> int | str:
    """Return the port, or `PORT` if a variable gives it: then only the user knows it."""
    return "PORT" if one.port == ANY_PORT else one.backend_port


def _line(one: Pass) -> str:
    """Return the place of a pass; one with variables may lead to other services too."""
    only = f" (where its variables say {one.target}:{_port(one)})" if one.variable else ""
    return f"{one.place}{only}"


def _free_name(
    configuration: Configuration, service: str, port: int | str, passes: Sequence[Pass]
) -> str:
    """Return a name for the upstream of these passes that is free in their part of nginx."""
    context = passes[0].context if passes[0].takes_upstream else _context_for(passes[0])
    known = {b.upstream.name for b in configuration.upstreams if b.context is context}
    known |= {p.target for p in configuration.passes if p.context is context and p not in passes}
    taken = {name.lower() for name in known}
    names = (service, f"{service}-{port}", f"{service}-{port}-upstream")
    return next((name for name in names if name.lower() not in taken), names[-1])


def not_exactly_one(
    configuration: Configuration, wanted: Wanted, found: Sequence[UpstreamBlock]
) -> Refused:
    """Return the refusal for settings that do not name exactly one upstream of nginx."""
    sought = f"upstream {wanted.upstream}" if wanted.upstream else "upstream"
    place = f" in {wanted.include}" if wanted.include else ""
    known = _lines(found or configuration.upstreams)
    ambiguous = bool(found) and not wanted.include
    which = "; x-composeroll.include says which file is meant" if ambiguous else ""
    return Refused(
        f"nginx's configuration does not have exactly one {sought}{place}",
        help=f"nginx has: {', '.join(known) or 'no upstream at all'}{which}",
        evidence=configuration.unread,
    )


def not_included(configuration: Configuration, include: str) -> Refused:
    """Return the refusal for a file that no `include` directive covers."""
    return Refused(
        f"nginx does not read {include}: no include directive covers it",
        help=f"write `include {include};` into the http block of {configuration.main}",
        evidence=tuple(f"{i.place}: include {i.pattern};" for i in configuration.includes),
    )


def unclear_names(subject: Subject, block: UpstreamBlock) -> Refused:
    """Return the refusal for an upstream with names, maybe the service's, that only nginx knows."""
    name = block.upstream.name
    addresses = ", ".join(server.address for server in block.upstream.servers)
    key = f"services.{subject.service}.x-composeroll"
    return Refused(
        f"whether upstream {name} sends requests to {subject.service} is not clear: it names"
        f" {addresses}, which no container of the project has as its name",
        help=f"if it does, set {key}.upstream: {name}; if it does not, {key}.gateway: none, or"
        " x-composeroll.upstream in the service that it belongs to",
        evidence=_lines([block]),
    )


def unclear_target(subject: Subject, one: Pass) -> Refused:
    """Return the refusal for a pass to such a name, without an upstream."""
    return Refused(
        f"whether {one.directive} ({one.place}) sends requests to {subject.service} is not clear:"
        f" it goes straight to {one.target}, which no container of the project has as its name",
        help=f"if it does, let it name {subject.service} itself, and follow the message that you"
        f" get then; if it does not, set services.{subject.service}.x-composeroll.gateway: none",
    )


def name_unknown(subject: Subject, include: str) -> Refused:
    """Return the refusal for an include that does not exist yet and whose upstream is unnamed."""
    return Refused(
        f"{include} does not exist yet, so the name of its upstream is unknown",
        help=f"set x-composeroll.upstream in {subject.service}",
    )


def port_unknown(subject: Subject, upstream: str) -> Refused:
    """Return the refusal for a port that neither the upstream nor the service determines."""
    ports = ", ".join(map(str, subject.exposed)) or "none"
    return Refused(
        f"the port of {subject.service} is not clear: upstream {upstream} does not say one,"
        f" and the service exposes {ports}",
        help=f"set x-composeroll.port in {subject.service}",
    )


def owned(subject: Subject, block: UpstreamBlock, owner: tuple[str, str] | None) -> Refused:
    """Return the refusal for a file whose first line names another service."""
    project, service = owner or ("", "")
    return Refused(
        f"{block.place.file} belongs to service {service} of project {project}",
        help=f"set x-composeroll.upstream in {subject.service} to its own upstream, or take the"
        f" first line out of {block.place.file}",
    )


def foreign_servers(subject: Subject, block: UpstreamBlock, strangers: Sequence[str]) -> Refused:
    """Return the refusal for an upstream with servers of another service or elsewhere.

    A rewrite would cut them off.
    """
    return Refused(
        f"upstream {block.upstream.name} names other servers than {subject.service} too:"
        f" {', '.join(strangers)}",
        help=f"give {subject.service} a separate upstream, or name the others in a"
        " template of your own (x-composeroll.template)",
        evidence=_lines([block]),
    )


def by_name_in_template(subject: Subject, template: str, names: Sequence[str]) -> Refused:
    """Return the refusal for a template that names the service itself as a usual server.

    After every reload, each container that has this name in DNS gets requests.
    """
    return Refused(
        f"the template {template} names {subject.service} itself, a name that its replicas have"
        f" before they are ready and while they stop: {', '.join(names)}",
        help="remove that server, or make it a `backup`: the replicas are in `upstream.servers`",
    )


def two_protocols(subject: Subject, block: UpstreamBlock, uses: Sequence[Pass]) -> Refused:
    """Return the refusal for an upstream that passes of different protocols use."""
    words = ", ".join(sorted({use.protocol for use in uses}))
    return Refused(
        f"nginx speaks more than one protocol to upstream {block.upstream.name}: {words}",
        help=f"set x-composeroll.protocol in {subject.service}",
        evidence=tuple(f"{use.place}: {use.directive}" for use in uses),
    )


def file_not_separate(
    configuration: Configuration, subject: Subject, block: UpstreamBlock
) -> Refused:
    """Return the refusal for a file with more than the upstream: it is rewritten as a whole."""
    name, file = block.upstream.name, block.place.file
    return Refused(
        f"upstream {name} is in {file}, which holds more than this upstream",
        help=_leave_generator(subject, block)
        if _is_generated(configuration.files[file])
        else _move(configuration, block),
        evidence=(f"{block.place}: upstream {name}", *_also(file, block.neighbours)),
    )


def _is_generated(text: str) -> bool:
    """Return whether comments in a file say that docker-gen wrote it, as in nginx-proxy."""
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    return any("docker-gen" in line or line.startswith("# nginx-proxy") for line in comments)


def _leave_generator(subject: Subject, block: UpstreamBlock) -> str:
    """Return the advice for a generated file.

    docker-gen would write a moved block again at once, as a second upstream of that name.
    """
    folder = PurePosixPath(block.place.file).parent
    return (
        f"docker-gen rewrites {block.place.file} whenever a container starts, so nothing can be"
        f" moved out of it: remove VIRTUAL_HOST from services.{subject.service}.environment, and"
        f" write its `server` block and its upstream into two other files in {folder}"
    )


def _move(configuration: Configuration, block: UpstreamBlock) -> str:
    """Return the advice to move the block to a file that nginx reads, else to include it too."""
    name = f"{block.upstream.name}.conf"
    beside = PurePosixPath(block.place.file).with_name(name)
    target = PurePosixPath(configuration.main).parent / "upstreams" / name
    for path in map(str, (beside, target)):
        reader = configuration.included_by(path)
        if reader and path not in configuration.files:
            return (
                f"move the block to {path}, a separate file;"
                f" `include {reader.pattern};` ({reader.place}) reads it already"
            )
    return (
        f"move the block to {target}, a separate file, and write `include {target};`"
        f" in its place ({block.place})"
    )


def _also(file: str, neighbours: Sequence[str]) -> Iterable[str]:
    return (f"{file} also holds: {neighbour}" for neighbour in neighbours[:5])


def _lines(blocks: Iterable[UpstreamBlock]) -> tuple[str, ...]:
    return tuple(f"upstream {block.upstream.name} ({block.place})" for block in blocks)
