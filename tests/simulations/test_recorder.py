"""What a recorder makes of logs: each version once, and a hole in them does not stay unnoticed."""

from __future__ import annotations

import pytest

from reference_services.kernel.invariant import Checker, Coverage, Finding
from reference_services.kernel.message import Event, Message, Record
from reference_services.kernel.one_history import OneHistory
from simulations.recorder import Recorder


class NothingToReach(Coverage):
    """No situation is of interest."""

    names = ()


def record(version: int, subject: str = "box/b-1") -> Record:
    """One decision with two events."""
    return tuple(
        Message(f"{subject}/{version}/{index}", "s", "t", subject, version, Event(), version, f"c-{version}")
        for index in range(2)
    )


def judged(*records: Record, reads_logs: bool = False) -> Finding:
    checker = Checker((OneHistory(),), NothingToReach())
    recorder = Recorder(checker, reads_logs=reads_logs)
    for each in records:
        recorder.record(each)
    (finding,) = checker.finish(99)
    return finding


@pytest.mark.parametrize("reads_logs", [False, True])
def test_versions_that_follow_each_other_are_whole(reads_logs: bool) -> None:
    others = record(1, "box/b-2")

    assert judged(record(1), others, record(2), record(1), record(3), reads_logs=reads_logs).status == "held"


@pytest.mark.parametrize("reads_logs", [False, True])
def test_a_version_that_is_missing_is_noticed_once(reads_logs: bool) -> None:
    finding = judged(record(1), record(3), record(4), reads_logs=reads_logs)

    assert [sample.message for sample in finding.samples] == ["version 3 of box/b-1 comes right after version 1"]
    assert [sample.subject for sample in finding.samples] == ["box/b-1"]


def test_a_log_whose_beginning_is_missing_is_noticed() -> None:
    (sample,) = judged(record(2)).samples

    assert sample.message == "version 2 of box/b-1 comes right after version 0"
