"""Make the Python environment of those who work on composeroll: `python3 tests/environment.py DIR`.

It runs on the system's Python with the standard library only, whatever its version, so that it can
say which one is needed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[1]
DEVELOPMENT = f"{ROOT}[dev]"


def main(folder: Path) -> int:
    """Make or refresh the environment; return the exit code."""
    missing = what_is_missing()
    if missing:
        print(f"env: {missing}", file=sys.stderr)
        return 1
    start = time.monotonic()
    print(f"env: Python packages into {folder} (half a minute the first time) ...", flush=True)
    for step in ([sys.executable, "-m", "venv", str(folder)], install(folder)):
        done = subprocess.run(step, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"{done.stdout}{done.stderr}env: `{' '.join(step)}` failed", file=sys.stderr)
            return 1
    print(f"env: done in {time.monotonic() - start:.1f} s", flush=True)
    return 0


def what_is_missing() -> str:
    """What this Python lacks, in a sentence; empty if nothing."""
    if sys.version_info < OLDEST:
        return (
            f"{sys.executable} is Python {sys.version.split()[0]}, and composeroll needs"
            f" {'.'.join(map(str, OLDEST))} or newer; name one: make PYTHON=/path/to/python3"
        )
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return f"{sys.executable} cannot make environments; on Debian: apt install python3-venv"
    return ""


def install(folder: Path) -> list[str]:
    """The command that installs composeroll from this checkout, with what its tests need."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    return [*pip, "--disable-pip-version-check", "--editable", DEVELOPMENT]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
