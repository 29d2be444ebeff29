"""The command `composeroll`, also as `python -m composeroll`."""

from __future__ import annotations

import gc
import sys

from composeroll import __version__

SELDOM = 200_000
"""Objects between two looks for garbage, 700 by default: imports make hardly any.

The looks took a fifth of the processor time of an update's imports: 644 ms with, 513 ms without.
An update makes 50,000 that live on, and a look at so many takes 20 ms. The last look, at the end,
took 0.1 s: what is frozen is left to the end of the process.
"""

INTERRUPTED = 130
"""What a shell says of a process that SIGINT has ended: 128 and the signal's number."""


def main() -> int:
    """Answer `--version` at once; all else is the command line's, whose imports take 40 ms.

    Returns:
        The exit code.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"composeroll, version {__version__}\n")
        return 0
    gc.set_threshold(SELDOM)
    try:
        from composeroll.cli.main import main as run  # noqa: PLC0415 - see above

        return run()
    except KeyboardInterrupt:  # while all that is imported: nothing has begun
        return INTERRUPTED
    finally:
        gc.freeze()


if __name__ == "__main__":
    raise SystemExit(main())
