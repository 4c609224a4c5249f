"""The record of a load generator: every call once, in the order in which they ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.recorder import Recorder, read_requests
from scenarios.run_records import RequestRow


def row(intended_us: int, ended_us: int, outcome: str = "ok") -> RequestRow:
    return RequestRow("customer-1", "journey", 0, "look", intended_us, intended_us + 10, ended_us, outcome, 200)


def test_the_records_of_several_generators_are_read_as_one(tmp_path: Path) -> None:
    for name, ends in {"setup": [5], "0": [10, 40], "1": [20, 30, 50]}.items():
        with Recorder(tmp_path / f"requests-{name}.jsonl") as recorder:
            for ended_us in ends:
                recorder.add(row(0, ended_us))
    assert list(read_requests(tmp_path)) == [row(0, ended_us) for ended_us in (5, 10, 20, 30, 40, 50)]


def test_outcomes_are_counted_from_the_beginning_and_percentiles_since_last_asked(tmp_path: Path) -> None:
    with Recorder(tmp_path / "requests-0.jsonl") as recorder:
        assert recorder.take_percentiles_ms() is None
        for index in range(100):
            recorder.add(row(0, 1_000 * (index + 1), "ok" if index % 4 else "refused"))
        assert recorder.take_percentiles_ms() == pytest.approx((50, 99), rel=0.02)
        assert recorder.take_percentiles_ms() is None
        recorder.add(row(0, 7_000, "error"))
        assert recorder.take_percentiles_ms() == pytest.approx((7, 7), rel=0.02)
        assert recorder.outcomes == {"ok": 75, "refused": 25, "error": 1, "unknown": 0}


def test_a_record_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "requests-0.jsonl"
    path.write_text("")
    with pytest.raises(FileExistsError):
        Recorder(path)
