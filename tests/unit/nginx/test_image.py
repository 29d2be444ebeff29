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
