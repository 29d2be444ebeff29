"""A service's place in the gateway: every sign, and every doubt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.errors import Refused
from composeroll.model import Protocol, Replica, Server, Upstream
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.nginx.configuration.upstreams import Context
from composeroll.nginx.discovery import claims
from composeroll.nginx.discovery.discovery import Subject, Wanted, direct_passes, discover
from composeroll.nginx.findings.stray import stray_findings
from composeroll.nginx.include import render_include, with_stand_in
from tests.unit.nginx.made import (
    BACKEND,
    INCLUDE,
    MAIN,
    REDIS,
    SITE,
    configured,
    configured_with,
    join_dump,
    recorded,
    replica,
    subject,
    upstream,
)

NOTHING = Wanted()
STALE = "upstream backend { server 10.0.0.77:9000; }"


def attached(one: Replica, *subnets: str, gateways: tuple[str, ...] = ()) -> Replica:
    """The replica on a network with these subnets, and the host in it at these addresses."""
    places = (replace(place, subnets=subnets, gateways=gateways) for place in one.networks)
    return replace(one, networks=tuple(places))


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (BACKEND, "it names 10.0.0.5, an address of php-fpm"),
        (upstream("php-fpm:9000"), "it names php-fpm"),
        (upstream("staging-php-fpm-4:9000"), "it names staging-php-fpm-4"),
        (upstream("staging_php-fpm_1:9000"), "it names staging_php-fpm_1"),
        (upstream("PHP-FPM:9000"), "it names PHP-FPM"),
        (upstream("php-fpm.:9000"), "it names php-fpm."),
        (upstream("php-fpm.staging_default:9000"), "it names php-fpm.staging_default"),
        (
            upstream("staging-php-fpm-1:9000", "PHP-FPM:9000", "php-fpm.staging_default.:9000"),
            "it names staging-php-fpm-1",
        ),
        ("upstream backend { server 10.9.9.9:9000; # php-fpm\n}", "a comment in it names php-fpm"),
        (STALE, "it is the one upstream with port 9000 that no service claims"),
    ],
)
def test_an_upstream_belongs_to_the_service_by_its(text: str, because: str) -> None:
    found = discover(configured(backend=text), subject(REDIS), NOTHING)
    assert found is not None
    assert (found.upstream.name, found.include, found.because) == ("backend", INCLUDE, because)
    assert (found.port, found.protocol) == (9000, Protocol.FASTCGI)


@pytest.mark.parametrize(
    "server",
    [
        *("shop-prod-web", "api.partner.example.com", "host.docker.internal"),
        *("php-fpm.other_default", "localhost"),
        *("127.0.0.1", "[::1]", "203.0.114.7", "192.168.1.50"),
    ],
)
def test_a_port_alone_never_makes_a_foreign_server_the_services(server: str) -> None:
    own = attached(replica(), "10.0.0.5/24")
    configuration = configured(backend=upstream(f"{server}:9000"))
    assert discover(configuration, subject(own=own), NOTHING) is None


@pytest.mark.parametrize(
    ("servers", "unclear"),
    [
        (("php:9000",), True),
        (("php.staging_default:9000",), True),
        (("php:9000", "10.0.0.77:9000"), True),
        (("php:9001",), False),
        (("php:9000", "203.0.114.7:9000"), False),
        (("api.partner.example.com:9000",), False),
        (("host.docker.internal:9000",), False),
        (("php-fpm.other_default:9000",), False),
        (("localhost:9000",), False),
        (("127.0.0.1:9000",), False),
        (("[::1]:9000",), False),
        (("redis:9000",), False),
        (("REDIS.staging_default:9000",), False),
        (("unix:/run/php.sock",), False),
        (("cron:9000",), False),
        (("staging-cron-1:9000",), False),
    ],
)
def test_a_name_without_a_domain_that_nothing_explains_may_be_the_services(
    servers: tuple[str, ...], *, unclear: bool
) -> None:
    """It may come from `links` of the gateway's, or be a container's of long ago."""
    own = attached(replica(), "10.0.0.5/24")
    php_fpm = replace(subject(REDIS, own=own), siblings=frozenset({"redis", "cron"}))
    configuration = configured(backend=upstream(*servers))
    assert discover(configuration, php_fpm, NOTHING) is None
    assert bool([*claims.unclear(configuration, php_fpm)]) is unclear


def test_a_name_in_an_upstream_that_nothing_uses_is_in_no_doubt() -> None:
    configuration = configured("", backend=upstream("php:9000"))
    assert not [*claims.unclear(configuration, subject())]


@pytest.mark.parametrize("name", ["backend", "Backend"])
def test_nginx_finds_an_upstream_in_any_case_of_letters(name: str) -> None:
    configuration = configured(app=upstream("php-fpm:9000", name=name))
    found = discover(configuration, subject(), NOTHING)
    assert found is not None
    assert found.protocol is Protocol.FASTCGI


def test_a_loopback_address_in_a_file_that_holds_more_is_no_doubt_either() -> None:
    text = f"{upstream('127.0.0.1:9000')} server {{ location / {{ fastcgi_pass backend; }} }}"
    assert discover(configured("", site=text), subject(), NOTHING) is None


@pytest.mark.parametrize("ipv4", ["10.0.0.5", ""])
def test_a_stale_address_is_one_that_the_services_networks_give(ipv4: str) -> None:
    """A replica that is down tells no subnet: its neighbours do."""
    own = attached(replica(ipv4=ipv4), *(f"{ipv4}/24" for _ in filter(None, [ipv4])))
    redis = attached(REDIS, "10.0.0.6/24")
    found = discover(configured(backend=STALE), subject(redis, own=own), NOTHING)
    assert found is not None
    foreign = STALE.replace("10.0.0.77", "10.9.9.9")
    assert discover(configured(backend=foreign), subject(redis, own=own), NOTHING) is None


@pytest.mark.parametrize("ipv4", ["10.0.0.5", ""])
def test_the_host_on_the_services_own_network_is_no_replica_of_any_time(ipv4: str) -> None:
    """`server 10.0.0.1:9000;` is what listens on the host: no container ever has that address."""
    subnets = [f"{ipv4}/24"] if ipv4 else []
    own = attached(replica(ipv4=ipv4), *subnets, gateways=("10.0.0.1",) if ipv4 else ())
    redis = attached(REDIS, "10.0.0.6/24", gateways=("10.0.0.1", "fd00::1"))
    for host in ("10.0.0.1", "[fd00::1]"):
        whole = configured(backend=upstream(f"{host}:9000"))
        assert discover(whole, subject(redis, own=own), NOTHING) is None


@pytest.mark.parametrize("written", ["/etc/nginx/app.conf", "/etc/nginx/.//app.conf"])
@pytest.mark.parametrize("there", [True, False])
def test_an_include_that_the_settings_spell_otherwise_than_nginx_is_the_same_file(
    written: str, *, there: bool
) -> None:
    files = {MAIN: f"http {{ include ./app.con[f]; {SITE} }}"}
    files |= {"/etc/nginx/./app.conf": BACKEND} if there else {}
    configuration = read_configuration(join_dump(files))
    wanted = Wanted(include=written, upstream="backend")
    found = discover(configuration, subject(), wanted)
    assert found is not None
    assert (found.include, bool(found.upstream.servers)) == ("/etc/nginx/app.conf", there)


def test_our_first_line_outweighs_an_address_that_moved() -> None:
    ours = recorded("gateway-1.30.txt").upstreams[0].upstream
    text = render_include(ours, "staging", "php-fpm")
    configuration = configured("", ours=text, other=upstream("10.0.0.5:9000", name="other"))
    found = discover(configuration, subject(), NOTHING)
    assert found is not None
    assert found.upstream.name == "app"


def test_another_services_file_is_never_taken_for_this_ones() -> None:
    ours = recorded("gateway-1.30.txt").upstreams[0].upstream
    text = render_include(ours, "staging", "redis").replace("127.0.0.1:8001", "10.0.0.5:9000")
    assert discover(configured("", ours=text), subject(), NOTHING) is None


def test_an_ipv6_address_is_a_sign_too() -> None:
    own = replica(ipv4="", ipv6="fd00::5")
    found = discover(configured(backend=upstream("[fd00::5]:9000")), subject(own=own), NOTHING)
    assert found is not None


def test_a_service_that_nginx_sends_nothing_to_is_a_worker() -> None:
    assert discover(configured(backend=BACKEND), Subject("staging", "cron"), NOTHING) is None


@pytest.mark.parametrize(
    ("server", "exposed", "port"),
    [
        ("127.0.0.1:9", (9000,), 9000),
        ("224.0.0.0:8000", (), 8000),
        ("224.0.0.0:8000", (9000,), 8000),
        ("224.0.0.0:8000", (8000, 8443), 8000),
    ],
)
def test_a_stand_in_that_is_down_says_the_port_and_no_owner(
    server: str, exposed: tuple[int, ...], port: int
) -> None:
    text = f"upstream backend {{ server {server} down; # php-fpm had no address\n}}"
    found = discover(configured(backend=text), subject(own=replica(exposed=exposed)), NOTHING)
    assert found is not None
    assert (found.port, found.because) == (port, "a comment in it names php-fpm")


def test_a_server_that_is_down_says_nothing_beside_one_that_is_up() -> None:
    text = "upstream backend { server php-fpm:9000; server php-fpm:9001 down; }"
    found = discover(configured(backend=text), subject(own=replica(exposed=())), NOTHING)
    assert found is not None
    assert found.port == 9000


def test_what_nobody_answered_for_is_found_again_with_its_port() -> None:
    """Its image exposes nothing, so the file is all that tells it."""
    named = Upstream("backend", (Server("php-fpm:8000", ("max_fails=2",)),))
    text = render_include(with_stand_in(named, 8000), "staging", "php-fpm")
    found = discover(configured(backend=text), subject(own=replica(exposed=())), NOTHING)
    assert found is not None
    assert found.port == 8000


@pytest.mark.parametrize(
    ("http", "files", "others", "wanted", "what", "help_"),
    [
        pytest.param(
            "", {"a": upstream("10.0.0.5:9000", name="a"), "b": upstream("php-fpm:1", name="b")
             .replace("php-fpm:1", "10.0.0.5:9000")},
            (), NOTHING, "2 upstreams", "x-composeroll.upstream in php-fpm", id="two upstreams",
        ),
        pytest.param(
            "", {"backend": upstream("10.0.0.5:6379")},
            (), NOTHING, "does not expose", "x-composeroll.port", id="swapped address",
        ),
        pytest.param(
            SITE, {"backend": STALE}, (replica("worker", 3, "10.0.0.8"),),
            NOTHING, "any service that exposes port 9000: php-fpm, worker",
            "x-composeroll.upstream", id="stale and two services fit",
        ),
        pytest.param(
            "server { location / { fastcgi_pass php-fpm:9000; } }", {}, (),
            NOTHING, "passes straight to php-fpm", "upstream php-fpm { server php-fpm:9000; }",
            id="no upstream",
        ),
        *(
            pytest.param(
                f"server {{ location / {{ proxy_pass {scheme}://php-fpm; }} }}", {}, (), NOTHING,
                "passes straight", f"upstream php-fpm {{ server php-fpm:{port}; }}",
                id=f"no upstream, {scheme} without a port",
            )
            for scheme, port in (("http", 80), ("https", 443))
        ),
        pytest.param(
            f"{SITE} {BACKEND}", {}, (), NOTHING, "holds more than this upstream",
            "upstreams/backend.conf, a separate file; `include /etc/nginx/upstreams/*.conf;`",
            id="in the main file",
        ),
        pytest.param(
            "", {"site": f"{BACKEND} {SITE}"}, (), NOTHING, "site.conf, which holds more",
            "(/etc/nginx/nginx.conf:3) reads it already", id="beside a server block",
        ),
        pytest.param(
            SITE, {"backend": upstream("php-fpm:9000", "redis:9000")}, (REDIS,),
            NOTHING, "names other servers than php-fpm too: redis:9000", "a separate upstream",
            id="shared",
        ),
        pytest.param(
            SITE, {"backend": upstream("php-fpm:9000", "legacy.example.com:9000 weight=3")}, (),
            NOTHING, "names other servers than php-fpm too: legacy.example.com:9000",
            "x-composeroll.template", id="a server elsewhere",
        ),
        pytest.param(
            SITE, {"backend": upstream("10.0.0.5:9000", "php-fpm-canary:9000")}, (),
            Wanted(upstream="backend"), "too: php-fpm-canary:9000", "a separate upstream",
            id="a service that has no containers",
        ),
        pytest.param(
            f"{SITE} server {{ location / {{ proxy_pass http://backend; }} }}",
            {"backend": BACKEND}, (), NOTHING, "more than one protocol", "x-composeroll.protocol",
            id="two protocols",
        ),
        pytest.param(
            SITE, {"backend": BACKEND}, (), Wanted(upstream="backedn"),
            "exactly one upstream backedn", "upstream backend", id="misspelt upstream",
        ),
        pytest.param(
            SITE, {"backend": BACKEND}, (), Wanted(include="/srv/app.conf", upstream="app"),
            "does not read /srv/app.conf", "include /srv/app.conf;", id="not included",
        ),
        pytest.param(
            SITE, {}, (), Wanted(include="/etc/nginx/upstreams/new.conf"),
            "does not exist yet", "x-composeroll.upstream", id="new file without a name",
        ),
        pytest.param(
            SITE, {"backend": BACKEND}, (),
            Wanted(include="/etc/nginx/upstreams/new.conf", upstream="backend"),
            "exactly one upstream backend in /etc/nginx/upstreams/new.conf",
            "upstream backend (/etc/nginx/upstreams/backend.conf:1)", id="it stands elsewhere",
        ),
        pytest.param(
            SITE, {"backend": render_include(
                recorded("gateway-1.30.txt").upstreams[0].upstream, "other", "app")}, (),
            Wanted(upstream="app"), "belongs to service app of project other",
            "x-composeroll.upstream in php-fpm", id="somebody else's",
        ),
    ],
)  # fmt: skip
def test_a_doubt_is_refused_with_the_line_that_settles_it(
    http: str,
    files: dict[str, str],
    others: tuple[Replica, ...],
    wanted: Wanted,
    what: str,
    help_: str,
) -> None:
    with pytest.raises(Refused) as refused:
        discover(configured_with(files, http), subject(*others), wanted)
    assert what in refused.value.what
    assert help_ in (refused.value.help or "")


def test_two_upstreams_of_one_name_are_told_apart_by_their_files() -> None:
    files = {"/etc/nginx/http.conf": BACKEND, "/etc/nginx/tcp.conf": upstream("10.0.0.5:9000")}
    text = f"http {{ include http.conf; {SITE} }} stream {{ include tcp.conf; }}"
    configuration = read_configuration(join_dump({MAIN: text, **files}))
    with pytest.raises(Refused, match="2 upstreams") as refused:
        discover(configuration, subject(), NOTHING)
    assert refused.value.help == (
        "set x-composeroll.include in php-fpm to the file of one of them:"
        " /etc/nginx/http.conf or /etc/nginx/tcp.conf"
    )
    with pytest.raises(Refused, match="exactly one") as refused:
        discover(configuration, subject(), Wanted(upstream="backend"))
    assert (refused.value.help or "").endswith("x-composeroll.include says which file is meant")
    found = discover(configuration, subject(), Wanted(include="/etc/nginx/tcp.conf"))
    assert found is not None
    assert (found.include, found.protocol) == ("/etc/nginx/tcp.conf", Protocol.TCP)


@pytest.mark.parametrize(
    ("listens", "protocol"),
    [
        ("listen 53 udp; listen [::]:53 udp reuseport;", Protocol.UDP),
        ("listen 53 udp; listen 53;", Protocol.TCP),
        ("listen 53 udp; proxy_pass backend; } server { listen 53;", Protocol.TCP),
    ],
)
def test_a_server_is_reached_over_udp_if_every_listen_says_so(
    listens: str, protocol: Protocol
) -> None:
    text = f"stream {{ include tcp.conf; server {{ {listens} proxy_pass backend; }} }}"
    files = {MAIN: text, "/etc/nginx/tcp.conf": upstream("php-fpm:53")}
    found = discover(read_configuration(join_dump(files)), subject(), NOTHING)
    assert found is not None
    assert found.protocol is protocol


def test_two_ports_in_one_upstream_need_a_setting() -> None:
    configuration = configured(backend=upstream("php-fpm:9000", "php-fpm:9001"))
    own = replica(exposed=(9000, 9001))
    with pytest.raises(Refused, match="port of php-fpm is not clear"):
        discover(configuration, subject(own=own), NOTHING)
    found = discover(configuration, subject(own=own), Wanted(port=9001))
    assert found is not None
    assert found.port == 9001


def test_the_settings_name_a_file_that_does_not_exist_yet() -> None:
    wanted = Wanted("app", "/etc/nginx/upstreams/app.conf", 8000, Protocol.HTTP)
    found = discover(configured(SITE), subject(), wanted)
    assert found is not None
    assert (found.upstream.servers, found.include, found.port) == ((), wanted.include, 8000)


def test_a_setting_beats_every_sign() -> None:
    configuration = configured(a=upstream("php-fpm:9000", name="a"), b=upstream("x:1", name="b"))
    found = discover(configuration, subject(), Wanted(upstream="b", protocol=Protocol.GRPC))
    assert found is not None
    assert (found.upstream.name, found.port, found.protocol) == ("b", 1, Protocol.GRPC)


def test_a_block_moves_out_with_an_include_line_where_nothing_would_read_it() -> None:
    text = f"events {{}} http {{ {SITE} {BACKEND} }}"
    configuration = read_configuration(join_dump({MAIN: text}))
    with pytest.raises(Refused) as refused:
        discover(configuration, subject(), NOTHING)
    assert refused.value.help == (
        "move the block to /etc/nginx/upstreams/backend.conf, a separate file, and write"
        " `include /etc/nginx/upstreams/backend.conf;` in its place (/etc/nginx/nginx.conf:1)"
    )


@pytest.mark.parametrize(
    ("project", "service", "server"),
    [
        ("staging", "old-fpm", "php-fpm:9000"),
        ("production", "php-fpm", "php-fpm:9000"),
        ("production", "php-fpm", "10.0.0.5:9000"),
    ],
)
def test_a_file_that_leads_to_the_service_and_says_it_is_anothers_is_in_doubt(
    project: str, service: str, server: str
) -> None:
    """One of them was renamed, or somebody copied the file: it would be rolled unseen."""
    text = render_include(Upstream("backend", (Server(server),)), project, service)
    with pytest.raises(Refused, match=f"belongs to service {service} of project {project}"):
        discover(configured(backend=text), subject(), Wanted())


@pytest.mark.parametrize(
    ("target", "protocol"),
    [("php-fpm", Protocol.HTTP), ("php-fpm$1", Protocol.HTTP), ("php-fpm:9000", Protocol.TCP)],
)
def test_a_name_with_a_port_is_a_host_even_where_an_upstream_has_it(
    target: str, protocol: Protocol
) -> None:
    """As nginx has it: it looks for an upstream only where there is no port."""
    site = f"server {{ location / {{ set $to {target}; proxy_pass http://$to; }} }}"
    configuration = configured(site, app=upstream("php-fpm:9000", name="php-fpm"))
    found = discover(configuration, subject(), NOTHING)
    assert found is not None
    assert found.protocol is protocol
    assert bool(direct_passes(configuration, subject())) == (protocol is Protocol.TCP)


def test_two_sites_that_call_their_variables_alike_do_not_mix_their_protocols() -> None:
    sites = [
        "server { set $to backend; location / { fastcgi_pass $to; } }",
        "server { set $to shop; location / { proxy_pass http://$to; } }",
    ]
    found = discover(configured("\n".join(sites), backend=BACKEND), subject(), NOTHING)
    assert found
    assert found.protocol is Protocol.FASTCGI


@pytest.mark.parametrize(
    ("uses", "tls"),
    [
        (("proxy_pass https://backend",), True),
        (("proxy_pass HTTPS://backend",), True),
        (("grpc_pass grpcs://backend",), True),
        (("proxy_pass http://backend",), False),
        (("proxy_pass https://backend", "proxy_pass http://backend"), False),
    ],
)
def test_whether_nginx_speaks_tls_to_it_is_seen_where_it_is_used(
    uses: tuple[str, ...], *, tls: bool
) -> None:
    locations = "".join(f"location /{n} {{ {use}; }} " for n, use in enumerate(uses))
    site = f"include app.conf; server {{ listen 80; {locations} }}"
    text = f"events {{}}\nhttp {{ {site} }}"
    files = {MAIN: text, "/etc/nginx/app.conf": upstream("php-fpm:9000")}
    found = discover(read_configuration(join_dump(files)), subject(), NOTHING)
    assert found
    assert found.tls == tls


def test_an_alias_that_ends_in_its_networks_name_is_one_all_the_same() -> None:
    (place,) = replica().networks
    own = replace(
        replica(), networks=(replace(place, network="internal", aliases=("api.internal",)),)
    )
    for spelling in ("api.internal", "API.internal."):
        block = f"upstream backend {{ server {spelling}:9000; }}"
        assert discover(configured(backend=block), subject(own=own), NOTHING)


def test_an_upload_that_goes_on_to_a_location_leads_to_no_service() -> None:
    site = "server { location /a { upload_pass @php-fpm; } location /b { upload_pass /php-fpm; } }"
    assert discover(configured(site), subject(), NOTHING) is None


def test_an_http_upstream_is_not_what_mail_means_by_its_name() -> None:
    main = "events {}\nmail { auth_http php-fpm/auth; }\nhttp { include up.conf; }"
    files = {MAIN: main, "/etc/nginx/up.conf": upstream("10.9.9.9:9000", name="php-fpm")}
    (one,) = read_configuration(join_dump(files), (1, 30, 6)).passes
    assert not one.uses("php-fpm", Context.HTTP)


def test_beside_an_upstream_such_a_name_may_be_its_port_too() -> None:
    site = SITE.replace("} }", "} location /p { proxy_pass http://php-fpm:$server_port; } }")
    whole = configured(site, backend=BACKEND)
    found = discover(whole, subject(), NOTHING)
    assert found is not None
    (one,) = stray_findings(whole, subject(), found)
    assert "finds php-fpm by its name" in one.what
