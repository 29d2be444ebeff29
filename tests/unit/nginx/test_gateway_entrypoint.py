"""The gateway image's entrypoint, run as it is where a service has no address yet."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from composeroll.model import Server
from composeroll.nginx.include import parse_include

ENTRYPOINT = Path(__file__).parents[3] / "nginx" / "gateway-entrypoint.sh"


def test_a_service_without_an_address_stands_in_its_include_with_its_port(tmp_path: Path) -> None:
    tree, programs = tmp_path / "nginx", tmp_path / "bin"
    (tree / "include").mkdir(parents=True)
    programs.mkdir()
    (programs / "getent").write_text("#!/bin/sh\nexit 2\n")
    (programs / "getent").chmod(0o755)
    script = ENTRYPOINT.read_text().replace("tree=/opt/nginx", f"tree={tree}")
    around = {"UPSTREAMS": "app=app:8000", "LOOKUP_WAIT": "0"}
    path = f"{programs}:{os.environ['PATH']}"
    argv = ["sh", "-c", script, "entrypoint", "true"]
    subprocess.run(argv, env={"PATH": path, **around}, check=True)
    upstream = parse_include((tree / "include" / "app.include").read_text())
    assert upstream is not None
    assert upstream.servers == (
        Server("224.0.0.0:8000", ("down",), "app had no address when nginx started"),
    )
