"""A sweep over seeds that is broken off leaves nothing: no process, no folder."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from command_lines import Process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_leaves_nothing(start: Callable[..., Process], pocket_sale: Path, number: int) -> None:
    sweep = start("simulate", pocket_sale, "--seeds", "1-9999")
    sweep.wait_until(lambda: "seed      1" in sweep.stdout)

    sweep.popen.send_signal(number)

    assert sweep.ended(20) == (130 if number == signal.SIGINT else 128 + signal.SIGTERM)
    assert sweep.leaves_no_process()
    assert list(sweep.temporary.iterdir()) == []
    assert "Traceback" not in sweep.stderr


def test_the_workers_of_a_sweep_that_was_killed_end_too(start: Callable[..., Process], pocket_sale: Path) -> None:
    sweep = start("simulate", pocket_sale, "--seeds", "1-9999")
    sweep.wait_until(lambda: "seed      1" in sweep.stdout)

    sweep.popen.kill()

    assert sweep.leaves_no_process()
