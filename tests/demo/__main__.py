"""`python -m tests.demo`: see the package. Exit code 0 only if not one request failed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bed.errors import BedError
from tests.demo import show, stage
from tests.demo.play import Performance, play
from tests.load import LoadError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo.

    Returns:
        0 if all went well, 1 if a request failed or the stack did not come up, the rollout's own
        exit code if that failed, 130 if somebody interrupted it.
    """
    options = _parser().parse_args(argv)
    try:
        show.heading("The staging stack: nginx, two php-fpm, redis, memcached and four more")
        stage.set_up()
        performance = play(options.picture)
    except (BedError, LoadError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; the stack stays up, `make demo-down` removes it", file=sys.stderr)
        return 130
    show.summary(performance)
    show.what_next()
    return verdict(performance)


def verdict(performance: Performance) -> int:
    """The rollout's exit code, or 1 for a lost request."""
    result = performance.result
    return performance.exit_code or int(bool(result.failed) or not result.total)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.demo", description=main.__doc__)
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="also draw the rollout as an SVG"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
