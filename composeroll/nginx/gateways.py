"""All gateway containers of a rollout as one: written all, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack

from msgspec import Struct, field

from composeroll.errors import ComposerollError, Interrupted
from composeroll.model import Held, Replica
from composeroll.nginx.access_log.traffic import Traffic, all_of
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.install import Texts

Back = Callable[[], Mapping[str, Texts]]
"""What to tell those that took a switch which another one did not: texts by path, by container."""


class _Change(Struct):
    """What one gateway has been through: written (`previous`), reloaded (`took`)."""

    gateway: Gateway
    texts: Texts
    previous: Texts = field(default_factory=dict)
    took: bool = False

    def write(self) -> None:
        known = self.gateway.known.files
        self.previous = {path: known.get(path) for path in self.texts}
        self.gateway.install(self.texts)

    def reload(self) -> None:
        self.gateway.reload()
        self.took = True

    def take_back(self, back: Back) -> None:
        """Put the file back where nginx has not read the new one; tell it `back` where it has.

        What stood there may name what is gone by now, after a run that was killed between writing
        and reloading: nginx is never told that.
        """
        if not self.took:
            self.gateway.restore(self.previous)
        elif texts := back().get(self.gateway.container.id):
            self.gateway.restore(texts)
            self.gateway.reload()


class Gateways:
    """Several gateway containers, by full ID."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        self._gateways = {gateway.container.id: gateway for gateway in gateways}

    def switch(self, texts: Mapping[str, Texts], back: Back = dict) -> None:
        """Install include texts, by path, by container; then reload all of them.

        Args:
            texts: whole files by path, by container ID.
            back: asked, once one gateway does not take them, what those that did are told instead;
                one it says nothing of keeps them.

        Raises:
            GatewayError: one gateway did not take them; all others are told what `back` says, or
                `serving` says which was not.
        """
        changes = [_Change(self._gateways[id_], some) for id_, some in texts.items()]
        done: list[_Change] = []
        try:
            with ExitStack() as at_hand:
                for change in changes:
                    at_hand.enter_context(change.gateway.reload_at_hand())
                for change in changes:
                    change.write()
                    done.append(change)
                for change in changes:
                    change.reload()
        except ComposerollError as failure:
            _take_back(done, failure, back)
            raise

    def restore(self, texts: Mapping[str, Texts]) -> None:
        """Put previous texts back and reload, in every gateway where that goes.

        A gateway that fails keeps no other from being put right, and is itself not told again what
        it is to leave.

        Raises:
            GatewayError: one gateway did not take them; the first that failed says why.
        """
        failed: list[ComposerollError] = []
        for id_, some in texts.items():
            try:
                self._gateways[id_].restore(some)
                self._gateways[id_].reload()
            except Interrupted:
                raise
            except ComposerollError as failure:
                failed.append(failure)
        if failed:
            raise failed[0]

    @property
    def settled(self) -> bool:
        """Whether no nginx may run by anything else than its files, after reloads of this run."""
        return all(gateway.settled for gateway in self._gateways.values())

    def read(self, container: str, path: str) -> str | None:
        """A file as that gateway's processes see it, None where there is none."""
        return self._gateways[container].read(path)

    def untouched(self, container: str, path: str) -> bool:
        """Whether a file there is as it was when it was last read or written here."""
        return self._gateways[container].untouched(path)

    def old_workers(self) -> int:
        """How many nginx workers from before the last reload still live, in all gateways."""
        return sum(gateway.old_workers() for gateway in self._gateways.values())

    def held(self, leaving: Collection[str]) -> Held:
        """What these workers still hold, with replicas at these bare addresses on their way out."""
        total = Held()
        for gateway in self._gateways.values():
            total += gateway.held(leaving)
        return total

    def connections_to(self, addresses: Iterable[str]) -> Mapping[str, int]:
        """Established connections from all gateways by address; uncountable ones are absent."""
        wanted = tuple(addresses)
        total: Counter[str] = Counter()
        for gateway in _one_of_each_namespace(self._gateways.values()):
            total.update(gateway.connections_to(wanted))
        return total

    def traffic(self, containers: Iterable[str], upstream: str) -> Traffic:
        """What the access logs of these gateways tell of an upstream's servers, from now on."""
        return all_of([self._gateways[one].traffic(upstream) for one in containers])


def _one_of_each_namespace(gateways: Iterable[Gateway]) -> Iterable[Gateway]:
    """In a network namespace that several share, each sees the connections of all."""
    return {_namespace(gateway.container): gateway for gateway in gateways}.values()


def _namespace(container: Replica) -> str:
    shared = container.network_mode.startswith("container:")
    return container.network_mode if shared else container.id


def _take_back(done: Iterable[_Change], failure: ComposerollError, back: Back) -> None:
    for change in done:
        try:
            change.take_back(back)
        except Interrupted:
            raise  # whoever is ended by it has a way back of their own
        except ComposerollError as error:
            name = change.gateway.container.name
            failure.serving = f"{name} could not be undone: {error.what}"
            failure.evidence += error.evidence
