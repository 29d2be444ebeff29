"""Bytes out of what engines and kernels say."""

from __future__ import annotations

from composeroll.engine.memory import available, used


def test_files_that_the_kernel_may_forget_are_not_used() -> None:
    first = {"usage": 1000, "stats": {"total_inactive_file": 300, "inactive_file": 1}}
    second = {"usage": 1000, "stats": {"inactive_file": 400}}
    assert used({"memory_stats": first}) == 700
    assert used({"memory_stats": second}) == 600


def test_a_container_that_has_just_ended_uses_nothing() -> None:
    assert used({"memory_stats": {}}) == 0
    assert used({}) == 0


def test_the_kernel_counts_in_kibibytes() -> None:
    assert (
        available("MemTotal:       2048 kB\nMemAvailable:     17 kB\nHugePages_Total: 0\n") == 17408
    )
