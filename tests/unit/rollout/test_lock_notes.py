"""What a lock says: who holds it, whether they live, and what they leave."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from composeroll.rollout.lock.holder import Holder, birth, read_holder, this_process
from composeroll.rollout.lock.note import (
    LEASE,
    Held,
    Intent,
    Note,
    held_by,
    in_words,
    is_abandoned,
    left_beside,
    left_name,
    lock_name,
    read_note,
    seen_by,
    service_of,
)

NOW = 1000.0
ME = Holder("me", "here", "this boot", os.getpid(), birth(os.getpid()), "composeroll update app")
ELSEWHERE = replace(ME, who="you", host="there", boot="another boot", pid=7, born="1")
DEAD_HERE = replace(ME, born="another process had this pid")
BOOTLESS = replace(ELSEWHERE, boot="")
INTENT = Intent({"old": "why"}, {"app": 2}, {"app": "sha256:1"}, {"app": ["old"]}, broke_off=True)


@dataclass
class Lock:
    """A lock as the engine would tell it."""

    holder: str = ELSEWHERE.to_json()
    note: str = ""
    created: float = NOW
    id: str = "1"
    name: str = "composeroll-lock.shop.app.v2"


def test_a_note_is_read_as_it_was_written() -> None:
    note = Note(NOW, ended=True, intent=INTENT)
    assert read_note(Lock(note=note.to_json())) == note


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ended": true}', '{"beat": "1"}'])
def test_a_note_that_was_cut_off_is_as_old_as_its_lock_and_remembers_nothing(text: str) -> None:
    assert read_note(Lock(note=text, created=5.0)) == Note(5.0)


def test_a_note_of_a_version_that_remembered_less_is_understood() -> None:
    old = (
        '{"beat": 1.0, "ended": true, "memory": {"outgoing": {"old": "why"}, "wanted": {"app": 2}}}'
    )
    assert read_note(Lock(note=old)).intent == Intent({"old": "why"}, {"app": 2})


@pytest.mark.parametrize(
    ("holder", "silent", "ended", "abandoned"),
    [
        (ELSEWHERE, LEASE, False, False),
        (ELSEWHERE, LEASE + 0.1, False, True),
        (ELSEWHERE, 0.0, True, True),
        (BOOTLESS, LEASE + 0.1, False, True),
        (ME, 100 * LEASE, False, False),
        (DEAD_HERE, 0.0, False, True),
    ],
)
def test_the_process_table_tells_on_this_machine_and_silence_elsewhere(
    holder: Holder, silent: float, *, ended: bool, abandoned: bool
) -> None:
    lock = Lock(holder.to_json(), Note(NOW - silent, ended).to_json())
    assert is_abandoned(lock, ME, NOW) is abandoned


def test_a_holder_that_cannot_be_read_is_judged_by_its_silence() -> None:
    assert not is_abandoned(Lock("{}", created=NOW - LEASE), ME, NOW)
    assert is_abandoned(Lock("{}", created=NOW - LEASE - 1), ME, NOW)


@pytest.mark.parametrize(
    ("answer", "silent", "abandoned"),
    [
        (PermissionError, 0.0, False),
        (PermissionError, LEASE + 1, True),
        (None, 0.0, False),
        (None, LEASE + 1, True),
        (ProcessLookupError, 0.0, True),
    ],
)
def test_where_other_users_processes_are_hidden_one_that_exists_is_judged_by_its_silence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: type[OSError] | None,
    silent: float,
    *,
    abandoned: bool,
) -> None:
    def kill(pid: int, number: int) -> None:
        assert (pid, number) == (ME.pid, 0)
        if answer:
            raise answer

    monkeypatch.setattr("composeroll.rollout.lock.holder.PROC", tmp_path)
    monkeypatch.setattr(os, "kill", kill)
    lock = Lock(ME.to_json(), Note(NOW - silent).to_json())
    assert is_abandoned(lock, ME, NOW) is abandoned
    fate = seen_by(lock, ME, NOW).fate
    assert ("no sign of life" in fate) == (abandoned and answer is not ProcessLookupError)


def test_a_machine_without_a_boot_id_is_never_taken_for_this_one() -> None:
    dead = Lock(replace(BOOTLESS, born="gone").to_json())
    assert not is_abandoned(dead, replace(ME, boot=""), NOW)


def test_of_two_memories_the_other_holds_where_they_differ_and_nothing_is_lost() -> None:
    older = Intent({"a": "older"}, {"app": 1}, {"app": "1"}, {"app": ["a"]})
    both = Intent({"a": "newer", "b": "new"}, {"app": 2, "api": 3}, {"api": "2"}).merged(older)
    assert both == Intent(
        {"a": "older", "b": "new"}, {"app": 1, "api": 3}, {"app": "1", "api": "2"}, {"app": ["a"]}
    )
    assert Intent(broke_off=True).merged(Intent()).broke_off
    assert Intent().merged(Intent(broke_off=True)).broke_off


def test_one_lock_of_several_remembers_nothing_of_what_the_other_services_had() -> None:
    gone = {"old app": "outdated", "old api": "outdated", "left before": "outdated"}
    both = Intent(gone, {"app": 2, "api": 3}, {}, {"app": ["old app"], "api": ["old api"]})
    assert both.about("app") == Intent(
        {"old app": "outdated", "left before": "outdated"}, {"app": 2}, {}, {"app": ["old app"]}
    )
    assert replace(both, before={}).about("app").outgoing == gone


def test_no_fewer_replicas_than_the_file_says() -> None:
    assert Intent(wanted={"app": 1, "api": 4}).at_least({"app": 2, "api": 2, "web": 9}) == Intent(
        wanted={"app": 2, "api": 4}
    )


def test_a_service_that_was_scaled_to_nothing_stays_so_where_the_file_says_nothing_else() -> None:
    assert Intent(wanted={"worker": 0}).at_least({"app": 2}).wanted == {"worker": 0}


def test_the_lock_says_who_where_since_when_and_with_what_command() -> None:
    fate = held_by(Lock(created=NOW - 65), NOW)
    assert str(fate) == (
        "app.v2 is locked by you@there (pid 7), since 1m5s: composeroll update app"
    )
    assert str(held_by(Lock("?"), NOW)) == "app.v2 is locked by somebody, since 0s"


@pytest.mark.parametrize(
    ("holder", "note", "fate"),
    [
        (ME, Note(NOW - 100), ""),
        (DEAD_HERE, Note(NOW), "it broke off, and that process is gone"),
        (ELSEWHERE, Note(NOW - 65), "it broke off: no sign of life for 1m5s"),
        (ELSEWHERE, Note(NOW, ended=True), "it broke off"),
    ],
)
def test_what_became_of_the_holder_is_said_with_the_command_that_finishes_it(
    holder: Holder, note: Note, fate: str
) -> None:
    held = seen_by(Lock(holder.to_json(), note.to_json()), ME, NOW)
    assert held.fate == fate
    helps = "`composeroll update app.v2` finishes it"
    assert str(held).endswith(f"; {fate}: {helps}" if fate else ": composeroll update app")


def test_what_one_run_held_is_told_at_once_with_the_command_for_what_it_left_undone() -> None:
    run = ("you@there", "3s", "composeroll update nginx", "it broke off")
    fate = in_words(
        [
            Held("nginx", *run, half_done=True),
            Held("app", "me@here", "9s", "composeroll update app"),
            Held("fpm", *run),
        ]
    )
    held = "nginx, fpm were locked by you@there, 3s ago: composeroll update nginx; it broke off"
    assert fate[0] == f"{held}: `composeroll update nginx` finishes it"
    assert fate[1] == "app is locked by me@here, since 9s: composeroll update app"


def test_of_what_a_broken_run_held_only_what_it_left_undone_is_to_be_updated_again() -> None:
    nothing, something = (Note(NOW, ended=True, intent=intent) for intent in (Intent(), INTENT))
    locks = (
        Lock(note=something.to_json(), name=lock_name("shop", "app")),
        Lock(note=nothing.to_json(), name=lock_name("shop", "nginx")),
    )
    (fate,) = in_words([seen_by(lock, ME, NOW) for lock in locks])
    assert fate.startswith("app, nginx were locked by you@there")
    assert fate.endswith("; it broke off: `composeroll update app` finishes it")


def test_a_process_that_has_ended_is_gone_though_nobody_has_asked_how() -> None:
    child = subprocess.Popen(["sleep", "60"])
    assert birth(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not birth(child.pid)
    child.wait()


def test_a_ci_job_is_named() -> None:
    assert str(replace(ELSEWHERE, job="https://ci/7")) == "you@there (pid 7, job https://ci/7)"


def test_names_of_locks_lead_back_to_their_service_even_with_dots_in_it() -> None:
    assert lock_name("shop", "app.v2") == Lock().name
    assert service_of(Lock()) == "app.v2"
    assert left_beside(Lock().name) == left_name("shop", "app.v2")
    assert left_name("shop", "app.v2") != lock_name("shop", "app.v2")


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert str(this_process()).startswith("uid 54321@")


def test_this_process_is_alive_and_a_used_again_pid_is_not_it() -> None:
    me = this_process()
    assert me.lives(me)
    assert replace(me, born="1").lives(me) is False
    assert replace(me, born="1", boot="elsewhere").lives(me) is None
    assert read_holder(me.to_json()) == me
    assert not birth(0)
