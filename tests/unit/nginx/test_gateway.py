"""One gateway and several, in virtual time: what is promised holds however nginx behaves."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from composeroll.errors import EngineError, GatewayError, Interrupted
from composeroll.model import Output, Process
from composeroll.nginx.gateway import LAST_LINES, Gateway
from composeroll.nginx.gateways import Gateways
from composeroll.nginx.install import UNWRITABLE
from composeroll.nginx.reload import RELOAD_SECONDS
from tests.unit.nginx.fake import FakeNginx, VirtualClock
from tests.unit.nginx.made import BACKEND, INCLUDE, MAIN, replica

OLD = {INCLUDE: BACKEND}
NEW = "upstream backend { server 10.0.0.6:9000; }\n"
BAD = "upstream backend { nonsense }\n"
MAIN_TEXT = "http { include upstreams/*.conf; }"
FRESH = "/etc/nginx/upstreams/fresh.conf"


def nginx(clock: VirtualClock | None = None, **wrong: Any) -> FakeNginx:  # noqa: ANN401 fields
    files = {MAIN: MAIN_TEXT, INCLUDE: BACKEND}
    return FakeNginx(clock or VirtualClock(), files, **wrong)


def gateway(fake: FakeNginx, number: int = 1) -> Gateway:
    return Gateway(fake, replica("nginx", number), fake.clock)


def test_the_configuration_comes_with_the_version_that_read_it() -> None:
    read = gateway(nginx()).configuration()
    assert (read.files[INCLUDE], read.version) == (BACKEND, (1, 30, 6))


@pytest.mark.parametrize("wrong", [{}, {"writable_by": ("0",)}, {"has_shell": False}])
def test_an_include_is_installed_by_whoever_can(wrong: dict[str, Any]) -> None:
    fake = nginx(**wrong)
    gateway(fake).install({INCLUDE: NEW})
    assert fake.files[INCLUDE] == NEW
    assert fake.serving[INCLUDE] == BACKEND


@pytest.mark.parametrize(
    ("wrong", "path", "text", "what"),
    [
        ({}, INCLUDE, BAD, "nginx rejects"),
        ({"has_shell": False}, INCLUDE, BAD, "nginx rejects"),
        ({"shadowed": True}, INCLUDE, NEW, "does not read"),
        ({}, "/srv/nobody/reads.conf", NEW, "does not read"),
        ({"writable_by": ()}, INCLUDE, NEW, "cannot be written"),
        ({"writable_by": (), "has_shell": False}, INCLUDE, NEW, "cannot be written"),
    ],
)
def test_whatever_is_wrong_the_previous_file_is_back(
    wrong: dict[str, Any], path: str, text: str, what: str
) -> None:
    fake = nginx(**wrong)
    with pytest.raises(GatewayError, match=what):
        gateway(fake).install({path: text})
    assert fake.files == {MAIN: MAIN_TEXT, INCLUDE: BACKEND}
    assert "reload" not in fake.log


def test_an_include_that_nginx_calls_by_another_spelling_is_installed() -> None:
    files = {MAIN: "http { include upstreams/.//*.conf; }"}
    calls = {FRESH: FRESH.replace("fresh", ".//fresh")}
    target = gateway(FakeNginx(VirtualClock(), files, calls=calls))
    target.install({FRESH: NEW})
    assert target.known.upstreams[0].place.file == FRESH


def test_a_rejection_shows_nginxs_own_words() -> None:
    with pytest.raises(GatewayError) as rejected:
        gateway(nginx()).install({INCLUDE: BAD})
    assert rejected.value.evidence == (f"nginx: [emerg] bad {INCLUDE}",)


@pytest.mark.parametrize(
    ("test", "what", "help_"),
    [
        (Output(124, "# configuration", "did not end within 30 s"), "did not end the test", "DNS"),
        (Output(137, "# configuration"), "was killed while", "its container was stopped"),
        (Output(127, "", "nginx: not found"), "`nginx` cannot be run", "docker exec"),
        (Output(126, "permission denied"), "`nginx` cannot be run", "allowed to run it"),
    ],
)
def test_a_test_that_was_not_done_is_no_rejection(test: Output, what: str, help_: str) -> None:
    with pytest.raises(GatewayError, match=what) as untested:
        gateway(nginx(test=test)).configuration()
    assert help_ in (untested.value.help or "")
    assert untested.value.evidence == test.lines[-1:]


def test_a_new_file_is_taken_away_again() -> None:
    fake = nginx()
    with pytest.raises(GatewayError):
        gateway(fake).install({FRESH: NEW, INCLUDE: BAD})
    assert FRESH not in fake.files


def test_a_reload_returns_when_the_old_workers_take_nothing_more() -> None:
    fake = nginx(busy=True)
    gate = gateway(fake)
    gate.reload()
    assert 0.1 <= fake.clock.now() < 0.2
    assert gate.before == {101}
    assert gate.old_workers() == 1
    fake.busy = False
    assert gate.old_workers() == 0


def test_workers_of_an_earlier_run_that_still_leave_are_old_ones() -> None:
    fake = nginx(busy=True)
    gateway(fake).reload()
    assert gateway(fake).old_workers() == 1


def test_every_earlier_reloads_workers_stay_old() -> None:
    fake = nginx(busy=True)
    gate = gateway(fake)
    gate.reload()
    gate.reload()
    assert gate.old_workers() == 2


def test_a_reload_that_did_nothing_is_found_out_in_time() -> None:
    fake = nginx(deaf=True)
    with pytest.raises(GatewayError, match="kept its old configuration") as failed:
        gateway(fake).reload()
    assert failed.value.serving
    assert RELOAD_SECONDS <= fake.clock.now() < RELOAD_SECONDS + 1


@dataclass
class Slow(FakeNginx):
    """One that takes five seconds to read its files, and twice as long beside its work."""

    due: float = float("inf")

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, later."""
        if argv[-1] == "-T":
            self.clock.wait(5.0)
        if argv[-1] == "reload":
            self.due = self.clock.now() + 12.0
            return Output(0)
        return super().execute(container, argv, user=user, timeout=timeout)

    def processes(self, container: str) -> tuple[Process, ...]:
        """As ever, once it has read them."""
        if self.clock.now() >= self.due:
            self.due = float("inf")
            super().execute(container, ["nginx", "-s", "reload"])
        return super().processes(container)


def test_a_reload_is_given_longer_where_a_test_takes_long() -> None:
    fake = Slow(VirtualClock(), {MAIN: MAIN_TEXT, INCLUDE: BACKEND})
    gate = gateway(fake)
    gate.install({INCLUDE: NEW})
    gate.reload()
    assert fake.serving[INCLUDE] == NEW


@pytest.mark.parametrize("fake", [{"deaf": True}, {"no_pid_file": True, "has_shell": False}])
def test_a_reload_that_did_not_happen_leaves_nobody_to_wait_for(fake: dict[str, Any]) -> None:
    gate = gateway(nginx(**fake))
    with pytest.raises(GatewayError):
        gate.reload()
    assert gate.old_workers() == 0


@dataclass
class Logging(FakeNginx):
    """One that rejects every reload, whose log is read by this machine's own shell."""

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, but for the log."""
        if argv[0:3] != ("sh", "-c", LAST_LINES):
            return super().execute(container, argv, user=user, timeout=timeout)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=5, check=False)
        return Output(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("link", [False, True])
def test_a_rejected_reload_brings_the_end_of_the_log_if_it_is_a_file(
    tmp_path: Path, *, link: bool
) -> None:
    """In the official image it is a link to an output, whose end never comes."""
    log = tmp_path / "$(exit) error.log"
    if link:
        log.symlink_to("/dev/stderr")
    else:
        log.write_text("".join(f"line {number}\n" for number in range(9)))
    text = f"error_log '{log}';\n{MAIN_TEXT}"
    gate = gateway(Logging(VirtualClock(), {MAIN: text, INCLUDE: BACKEND}, deaf=True))
    with pytest.raises(GatewayError) as refused:
        gate.reload()
    lines = () if link else tuple(f"line {number}" for number in range(4, 9))
    assert refused.value.evidence == lines


@dataclass
class Deafening(FakeNginx):
    """An engine that loses the answer of a reload that it has delivered."""

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, but nobody hears of a reload."""
        output = super().execute(container, argv, user=user, timeout=timeout)
        if argv[-1] == "reload":
            raise EngineError("the answer was lost")
        return output


def test_a_reload_whose_answer_was_lost_may_have_been_taken() -> None:
    fake = Deafening(VirtualClock(), {MAIN: MAIN_TEXT, INCLUDE: BACKEND})
    gate = gateway(fake)
    gate.install({INCLUDE: NEW})
    with pytest.raises(EngineError):
        gate.reload()
    assert gate.before == {101}
    gate.restore({INCLUDE: BACKEND})
    with pytest.raises(EngineError):
        gate.reload()
    assert not gate.settled


@pytest.mark.parametrize("fake", [{"deaf": True}, {"no_pid_file": True, "has_shell": False}])
def test_a_reload_that_did_not_happen_unsettles_nothing(fake: dict[str, Any]) -> None:
    gate = gateway(nginx(**fake))
    gate.install({INCLUDE: NEW})
    with pytest.raises(GatewayError):
        gate.reload()
    gate.restore({INCLUDE: BACKEND})
    assert gate.settled


def test_a_reload_that_was_seen_taken_settles_what_was_in_doubt() -> None:
    gate = gateway(nginx())
    gate.install({INCLUDE: NEW})
    gate.reload()
    gate.restore({INCLUDE: BACKEND})
    unsettled = not gate.settled
    gate.reload()
    assert unsettled
    assert gate.settled


def test_a_master_without_a_pid_file_is_told_by_signal() -> None:
    fake = nginx(no_pid_file=True)
    gateway(fake).reload()
    assert fake.log == ["reload"]


def test_a_file_is_read_with_or_without_a_shell() -> None:
    for has_shell in (True, False):
        gate = gateway(nginx(has_shell=has_shell))
        assert [gate.read(INCLUDE), gate.read("/nowhere")] == [BACKEND, None]


def test_connections_that_cannot_be_counted_are_absent() -> None:
    assert gateway(nginx(has_shell=False)).connections_to(["10.0.0.5:9000"]) == {}


def pair(**wrong: Any) -> tuple[FakeNginx, FakeNginx, Gateways]:  # noqa: ANN401 fields
    """Two gateways, the second with something wrong."""
    clock = VirtualClock()
    first, second = nginx(clock), nginx(clock, **wrong)
    return first, second, Gateways([gateway(first, 1), gateway(second, 2)])


def switch(gateways: Gateways, text: str = NEW) -> None:
    both = [replica("nginx", number).id for number in (1, 2)]
    new = {INCLUDE: text}
    gateways.switch(dict.fromkeys(both, new), lambda: dict.fromkeys(both, OLD))


def test_a_switch_reaches_all_gateways_with_one_reload_each() -> None:
    first, second, gateways = pair()
    switch(gateways)
    assert (first.serving[INCLUDE], second.serving[INCLUDE]) == (NEW, NEW)
    assert (first.log.count("reload"), second.log.count("reload")) == (1, 1)
    assert gateways.old_workers() == 0


@dataclass
class Full(FakeNginx):
    """An nginx whose includes lie on a file system without room."""

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """As ever, but for a file that is put in place."""
        if "put" in argv:
            return Output(UNWRITABLE, "", f"{INCLUDE}: not written whole")
        return super().execute(container, argv, user=user, timeout=timeout)


def test_a_file_system_that_is_full_is_not_said_to_be_mounted_read_only() -> None:
    fake = Full(VirtualClock(), dict(nginx().files))
    with pytest.raises(GatewayError) as failed:
        gateway(fake).install({INCLUDE: NEW})
    assert "is there room left" in (failed.value.help or "")


@pytest.mark.parametrize("wrong", [{"writable_by": ()}, {"shadowed": True}, {"deaf": True}])
def test_when_one_gateway_does_not_take_it_none_has(wrong: dict[str, Any]) -> None:
    first, second, gateways = pair(**wrong)
    with pytest.raises(GatewayError):
        switch(gateways)
    for fake in (first, second):
        assert fake.files[INCLUDE] == BACKEND
        assert fake.serving[INCLUDE] == BACKEND


def test_a_text_that_nginx_has_not_been_told_is_not_told_on_the_way_back_either() -> None:
    """A run that was killed before its reload has left what may name replicas that are gone."""
    first, second, gateways = pair(writable_by=())
    first.serving = first.serving | {INCLUDE: "another text"}
    with pytest.raises(GatewayError):
        switch(gateways)
    assert first.files[INCLUDE] == BACKEND
    assert first.serving[INCLUDE] == "another text"
    assert first.log.count("reload") + second.log.count("reload") == 0


def test_of_those_that_took_it_one_that_is_told_nothing_keeps_it() -> None:
    """Where going back would be worse: another service's address is never put back."""
    first, second, gateways = pair(deaf=True)
    with pytest.raises(GatewayError):
        gateways.switch({replica("nginx", number).id: {INCLUDE: NEW} for number in (1, 2)})
    assert [fake.files[INCLUDE] for fake in (first, second)] == [NEW, BACKEND]
    assert [fake.serving[INCLUDE] for fake in (first, second)] == [NEW, BACKEND]


def test_a_text_that_one_gateway_rejects_reloads_neither() -> None:
    first, second, gateways = pair()
    with pytest.raises(GatewayError):
        switch(gateways, BAD)
    assert first.log.count("reload") + second.log.count("reload") == 0


def test_a_gateway_that_cannot_be_taken_back_is_named() -> None:
    first, _, gateways = pair(deaf=True)
    first.sealed_by_reload = True
    with pytest.raises(GatewayError) as failed:
        switch(gateways)
    assert "staging-nginx-1 could not be undone" in (failed.value.serving or "")


SIGNAL = Interrupted("interrupted by SIGTERM", signum=15)


class Ended(FakeNginx):
    """An nginx at whose second write a signal comes: the one that puts the first one back."""

    def _script(self, words: list[str], user: str) -> Output:
        if words and any(line.endswith(INCLUDE) for line in self.log):
            raise SIGNAL
        return super()._script(words, user)


@pytest.mark.parametrize("wrong", [{}, {"deaf": True}])
def test_a_signal_that_comes_on_the_way_back_is_no_failure_of_it(wrong: dict[str, Any]) -> None:
    """Who took it for one would go on, deaf to what told it to end."""
    fake = Ended(VirtualClock(), {MAIN: MAIN_TEXT, INCLUDE: BACKEND}, **wrong)
    gateways = Gateways([gateway(fake)])
    with pytest.raises(Interrupted):
        gateways.switch({gateway(fake).container.id: {INCLUDE: NEW if wrong else BAD}})


@pytest.mark.parametrize("back", [True, False])
def test_nor_where_one_of_several_gateways_is_taken_back(*, back: bool) -> None:
    clock = VirtualClock()
    first = Ended(clock, {MAIN: MAIN_TEXT, INCLUDE: BACKEND})
    second = nginx(clock, writable_by=())
    gateways = Gateways([gateway(first, 1), gateway(second, 2)])
    texts = {replica("nginx", number).id: {INCLUDE: NEW} for number in (1, 2)}
    with pytest.raises(Interrupted):
        gateways.switch(texts)
    if back:
        with pytest.raises(Interrupted):
            gateways.restore(texts)
