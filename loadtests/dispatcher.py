"""The open model: every visit begins at its planned instant, whatever became of those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gevent.pool import Group

from scenarios.steps import Visit

from .clock import Clock
from .schedule import Punctuality

LIVE_JOURNEYS_LIMIT = 5_000
"""Journeys that one process plays at a time. An arrival beyond that is dropped and makes the run INVALID."""

PlayVisit = Callable[[Visit, int], None]
"""Plays one visit, given the instant at which it was planned to begin."""


class Dispatcher:
    """Starts one greenlet a visit. It must not wait for anything but the clock."""

    def __init__(
        self, clock: Clock, play: PlayVisit, punctuality: Punctuality, live_limit: int = LIVE_JOURNEYS_LIMIT
    ) -> None:
        self._clock = clock
        self._play = play
        self._punctuality = punctuality
        self._live_limit = live_limit
        self._live = Group()

    @property
    def live(self) -> int:
        """Journeys under way."""
        return len(self._live)

    def dispatch(self, visits: Iterable[Visit], origin_us: int) -> None:
        """Begin ``visits``, given in order of arrival; ``origin_us`` is time 0. Returns after the last has begun."""
        for visit in visits:
            intended_us = origin_us + visit.arrives_us
            self._clock.sleep_until(intended_us)
            if len(self._live) >= self._live_limit:
                self._punctuality.dropped()
            else:
                self._live.spawn(self._begin, visit, intended_us)

    def drain(self, timeout_s: float) -> int:
        """Wait until all journeys have ended, at most ``timeout_s``, then stop the rest. Returns how many."""
        self._live.join(timeout_s)
        unfinished = len(self._live)
        self.stop()
        return unfinished

    def stop(self) -> None:
        """End every journey where it stands."""
        self._live.kill()

    def _begin(self, visit: Visit, intended_us: int) -> None:
        self._punctuality.began(self._clock.now_us() - intended_us)
        self._play(visit, intended_us)
