"""nginx's processes, identified by their titles, and the master's command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from composeroll.errors import GatewayError
from composeroll.model import Process

_MASTER = "nginx: master process "
_WORKER = "nginx: worker process"
_LEAVING = "nginx: worker process is shutting down"
_VALUED = ("-c", "-p", "-g", "-e")
_SWITCHES = ("-q",)


class Workers(Struct, frozen=True):
    """One reading of nginx's processes. All pids are the engine host's.

    Attributes:
        command: the master's argv, with which `-t`, `-T` and `-s` use the same configuration.
        pids: all workers, including `leaving` and `newborn`.
        leaving: the workers that are shutting down and finish their last requests.
        newborn: forks of the master that have not started to work.
    """

    command: tuple[str, ...]
    pids: frozenset[int]
    leaving: frozenset[int]
    newborn: frozenset[int] = frozenset()

    @property
    def taking(self) -> frozenset[int]:
        """The workers that accept new connections."""
        return self.pids - self.leaving - self.newborn

    @property
    def quitting(self) -> bool:
        """Whether the master is quitting: no worker accepts connections, or is about to."""
        return bool(self.leaving) and not (self.taking or self.newborn)

    def replaced(self, before: frozenset[int]) -> bool:
        """Return whether a reload took effect: new workers accept requests, and no old one does."""
        return bool(self.taking) and not self.taking & before


def read_workers(processes: Iterable[Process]) -> Workers:
    """Return master and workers among a container's processes.

    Raises:
        GatewayError: no nginx runs there, or several do.
    """
    everything = tuple(processes)
    titled = [p for p in everything if p.args.startswith(_MASTER)]
    newborn = [p for p in titled if _is_newborn(p, titled, everything)]
    masters = [p for p in titled if p not in newborn]
    if len(masters) != 1:
        raise _not_one_master(masters, everything)
    own = [p for p in everything if p.ppid == masters[0].pid and p.args.startswith(_WORKER)]
    leaving = [p for p in own if p.args.startswith(_LEAVING)]
    return Workers(
        command_of(masters[0].args),
        frozenset(p.pid for p in (*own, *newborn)),
        frozenset(p.pid for p in leaving),
        frozenset(p.pid for p in newborn),
    )


def _is_newborn(process: Process, titled: Sequence[Process], everything: Sequence[Process]) -> bool:
    """Return whether a process is a fork of the master, whose title it has until it sets its own.

    A second real master has children.
    """
    born_of_master = process.ppid in {p.pid for p in titled}
    return born_of_master and process.pid not in {p.ppid for p in everything}


def command_of(title: str) -> tuple[str, ...]:
    """Return the argv in a master's title: `nginx: master process nginx -g daemon off;`.

    The title is argv joined by spaces, so a flag's value extends to the next flag.
    """
    binary, *words = title.removeprefix(_MASTER).split(" ")
    argv = [binary]
    for word in filter(None, words):
        if argv[-1] in _VALUED or word in _VALUED or word in _SWITCHES or _has_attached_value(word):
            argv.append(word)
        elif len(argv) > 1:
            argv[-1] += f" {word}"
    return tuple(argv)


def _has_attached_value(word: str) -> bool:
    """Return whether a value follows its flag without a space, as in `-c/etc/nginx.conf`."""
    return word.startswith(_VALUED) and not word.startswith("--")


def _not_one_master(masters: list[Process], everything: tuple[Process, ...]) -> GatewayError:
    what = "no nginx master process runs" if not masters else "two nginx master processes run"
    return GatewayError(
        f"{what} in the gateway",
        help="set x-composeroll.gateway to the service whose container runs nginx",
        evidence=tuple(process.args for process in everything),
    )
