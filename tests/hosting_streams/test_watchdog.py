"""The watchdog: silent while partitions move, loud when one stands still."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from reference_services.hosting import watchdog
from reference_services.hosting.metrics import LAG
from reference_services.hosting.streams.acknowledgements import Acknowledgements
from reference_services.hosting.watchdog import STALLED_AFTER_S, Watchdog

INBOX = TP("watched.inbox", 0)


class App:
    """A Faust app as the watchdog sees it, set by hand, and the time as it passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        self.complaints: list[str] = []
        self.end = 0
        self.done: int | None = None
        self.read: int | None = None
        self.busy = 0
        monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: self.now_s))
        self.completed = asyncio.Event()
        self.completed.set()
        self.committed: dict[TP, int] = {}
        consumer = SimpleNamespace(
            assignment=lambda: {INBOX}, highwaters=self._highwaters, _committed_offset=self.committed
        )
        tables = SimpleNamespace(recovery=SimpleNamespace(completed=self.completed), changelog_topics=set())
        self.app: Any = SimpleNamespace(
            conf=SimpleNamespace(id="watched"),
            consumer=consumer,
            tables=tables,
            started=True,
            rebalancing=False,
            rebalancing_count=1,
            consumer_generation_id=1,
            first_offset=self._first_offset,
        )
        acknowledgements = SimpleNamespace(done_before=lambda tp: self.done, read_before=lambda tp: self.read)
        self.inbox: Any = SimpleNamespace(acknowledgements=acknowledgements)
        self.watchdog = Watchdog(self, self._complain)

    def activity(self) -> int:
        return self.busy

    def look_after(self, seconds: float) -> list[str]:
        self.now_s += seconds
        asyncio.run(self.watchdog.look())
        return self.complaints

    def read_one(self) -> None:
        """Take up the message at offset 0 and be done with it, as an agent does."""
        progress = self.inbox.acknowledgements = Acknowledgements(self.app)
        message = SimpleNamespace(tp=INBOX, offset=0, generation_id=self.app.consumer_generation_id)
        event: Any = SimpleNamespace(message=message, ack=lambda: None)
        pending = asyncio.run(progress.begin(event))
        assert pending is not None
        progress.finish(pending)

    async def _first_offset(self, tp: TP) -> int:
        return self.committed.get(tp, 0)

    async def _highwaters(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self.end)

    def _complain(self, complaint: str, **_details: object) -> None:
        self.complaints.append(complaint)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    return App(monkeypatch)


def test_lag_is_what_is_not_done_with(app: App) -> None:
    app.end, app.done, app.read = 10, 4, 10

    app.look_after(0)

    assert LAG.labels(INBOX.topic, "0", "watched")._value.get() == 6


def test_a_partition_that_is_not_consumed_is_reported(app: App) -> None:
    app.end, app.done, app.read = 10, 4, 4

    assert app.look_after(0) == []
    assert app.look_after(STALLED_AFTER_S - 1) == []
    assert app.look_after(2) == ["a partition is not consumed"]


def test_a_partition_that_was_never_read_is_reported(app: App) -> None:
    app.end = 1

    app.look_after(0)

    assert app.look_after(STALLED_AFTER_S + 1) == ["a partition is not consumed"]


def test_a_partition_that_others_went_on_with_before_it_came_back_is_not_behind(app: App) -> None:
    app.end = 1
    app.read_one()
    app.app.consumer_generation_id += 2
    app.end = app.committed[INBOX] = 6

    app.look_after(0)

    assert LAG.labels(INBOX.topic, "0", "watched")._value.get() == 0
    assert app.look_after(STALLED_AFTER_S + 1) == []


def test_slow_is_not_still(app: App) -> None:
    app.end, app.done, app.read = 10, 0, 0

    for read in range(5):
        app.read = read
        assert app.look_after(STALLED_AFTER_S - 1) == []


def test_waiting_for_the_outside_is_not_standing_still(app: App) -> None:
    app.end, app.done, app.read = 10, 0, 3

    for attempts in range(5):
        app.busy = attempts
        assert app.look_after(STALLED_AFTER_S - 1) == []


def test_what_has_been_taken_up_may_take_its_time(app: App) -> None:
    app.end, app.done, app.read = 10, 4, 10

    app.look_after(0)

    assert app.look_after(STALLED_AFTER_S * 10) == []


def test_an_app_that_does_not_get_ready_is_reported(app: App) -> None:
    app.completed.clear()

    app.look_after(0)

    assert app.look_after(STALLED_AFTER_S + 1) == ["the app does not get ready"]


def test_a_log_that_takes_long_to_read_is_not_standing_still(app: App) -> None:
    app.completed.clear()

    for records in range(5):
        app.busy = records
        assert app.look_after(STALLED_AFTER_S - 1) == []
