"""The files of the gateway image, as nginx will read them."""

from __future__ import annotations

from pathlib import Path

import crossplane

IMAGE = Path(__file__).parents[3] / "nginx"


def directives(file: str) -> dict[str, str]:
    """The arguments of every directive in a file, blocks inside out, the last of a name."""
    parsed = crossplane.parse(str(IMAGE / file), single=True, check_ctx=False, check_args=False)
    found: dict[str, str] = {}
    left = list(parsed["config"][0]["parsed"])
    while left:
        one = left.pop(0)
        found[one["directive"]] = " ".join(one["args"])
        left += one.get("block", [])
    return found


def test_a_worker_may_open_files_for_all_of_its_connections_whatever_the_engines_limit() -> None:
    conf = directives("nginx.conf")
    assert int(conf["worker_rlimit_nofile"]) >= 2 * int(conf["worker_connections"])


def test_a_grpc_stream_is_cut_by_neither_sides_silence_before_the_others_nor_by_its_size() -> None:
    site = directives("sites/grpc.conf")
    kept = ("grpc_read_timeout", "grpc_send_timeout", "client_body_timeout")
    assert {site[name] for name in kept} == {"10m"}
    assert site["client_max_body_size"] == "0"
