"""One load generator: its share of a plan, played from the first arrival to the end of the run, and what came of it."""

from __future__ import annotations

import logging
import traceback
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gevent.event import Event

from reference_services.kernel.random_streams import stream
from scenarios.journeys.shared import SetupFailed
from scenarios.steps import Visit

from .call_log import CallLog
from .clock import Clock
from .dispatcher import LIVE_JOURNEYS_LIMIT, Dispatcher
from .driver import Driver, Ended, Record
from .plan import LoadPlan, Share
from .recorder import Recorder
from .report import LoadReport, Progress, write_report
from .schedule import Punctuality
from .tokens import TokenMint

CRASHES_KEPT = 10
TOKEN_MARGIN_S = 600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """The system under load: where it is served, and the secret under which it accepts bearer tokens."""

    base_url: str
    token_secret: str


def prepare(plan: LoadPlan, target: Target, folder: Path, watch: Record, clock: Clock) -> None:
    """Play the staff's setup and record it as ``requests-setup.jsonl``; ``watch`` is told of every call too.

    Raises `SetupFailed`, also if the first arrival did not wait for it.
    """
    with Recorder(folder / "requests-setup.jsonl") as recorder, closing(_call_log(plan, folder, "setup")) as calls:
        driver = _driver(plan, target, clock, recorder, watch, "setup", calls, connections=1)
        try:
            driver.play("staff", "setup", plan.setup(), clock.now_us())
        finally:
            driver.close()
    late_us = clock.now_us() - plan.first_arrival_us
    if late_us > 0:
        raise SetupFailed(
            f"the setup ended {late_us / 1e6:.1f} s after the first arrival; lengthen the scenario's `lead`"
        )


class LoadGenerator:
    """Plays the visits of ``share``.

    Leaves ``requests-<index>.jsonl``, ``calls-<index>.jsonl`` and ``load-<index>.json`` in ``folder``.

    ``watch`` is told of every call too.
    """

    def __init__(self, plan: LoadPlan, share: Share, target: Target, folder: Path, watch: Record, clock: Clock) -> None:
        self.ended = Event()
        """Set when everything is over and written."""
        self._plan = plan
        self._visits = plan.visits_of(share)
        self._clock = clock
        self._report_path = folder / f"load-{share.index}.json"
        self._punctuality = Punctuality(len(self._visits))
        self._recorder = Recorder(folder / f"requests-{share.index}.jsonl")
        self._calls = _call_log(plan, folder, str(share.index))
        self._driver = _driver(
            plan, target, clock, self._recorder, watch, str(share.index), self._calls, connections=LIVE_JOURNEYS_LIMIT
        )
        self._dispatcher = Dispatcher(clock, self._play, self._punctuality)
        self._begun = False
        self._stopped = True
        self._unfinished = 0
        self._crashes: list[str] = []

    def run(self) -> None:
        """Play everything, once; a second call returns at once. Ended from outside, it still writes its report."""
        if self._begun:
            return
        self._begun = True
        try:
            self._dispatcher.dispatch(self._visits, self._plan.origin_us)
            self._unfinished = self._dispatcher.drain(self._left_s())
            self._stopped = False
        finally:
            self.finish()

    def finish(self) -> None:
        """Stop whatever is under way and write the report, unless that has been done."""
        if self.ended.is_set():
            return
        self._dispatcher.stop()
        self._driver.close()
        self._recorder.close()
        self._calls.close()
        write_report(self._report_path, self.report())
        self.ended.set()

    def progress(self) -> Progress:
        """How the run stands."""
        schedule = self._punctuality.schedule()
        percentiles_ms = self._recorder.take_percentiles_ms() or (None, None)
        return Progress(
            round((self._clock.now_us() - self._plan.origin_us) / 1_000_000, 1),
            schedule.planned,
            schedule.sent,
            max(0, schedule.sent - self._dispatcher.live),
            schedule.dropped,
            dict(self._recorder.outcomes),
            *percentiles_ms,
        )

    def report(self) -> LoadReport:
        """What has come of it so far."""
        return LoadReport(
            origin_us=self._plan.origin_us,
            schedule=self._punctuality.schedule(),
            outcomes=dict(self._recorder.outcomes),
            unfinished=self._unfinished,
            stopped=self._stopped,
            crashes=tuple(self._crashes),
        )

    def _play(self, visit: Visit, intended_us: int) -> None:
        try:
            self._driver.play(visit.customer, visit.journey, visit.begin(), intended_us)
        except Exception as error:  # a journey with a defect must not hold up the others; it makes the run INVALID
            if len(self._crashes) < CRASHES_KEPT:
                log.exception("the journey %s of %s crashed", visit.journey, visit.customer)
                line = "".join(traceback.format_exception_only(error)).strip()
                self._crashes.append(f"{visit.journey} of {visit.customer}: {line}")

    def _left_s(self) -> float:
        return max(0.0, (self._plan.ends_us - self._clock.now_us()) / 1_000_000)


def _call_log(plan: LoadPlan, folder: Path, name: str) -> CallLog:
    return CallLog(folder / f"calls-{name}.jsonl", plan.watched)


def _driver(
    plan: LoadPlan,
    target: Target,
    clock: Clock,
    recorder: Recorder,
    watch: Record,
    name: str,
    calls: CallLog,
    *,
    connections: int,
) -> Driver:
    def record(ended: Ended) -> None:
        recorder.add(ended.row)
        calls.add(ended)
        watch(ended)

    lifetime_s = (plan.ends_us - clock.now_us()) / 1_000_000 + TOKEN_MARGIN_S
    return Driver(
        plan.system,
        target.base_url,
        TokenMint(target.token_secret, lifetime_s),
        clock,
        record,
        stream(plan.seed, "loadtests.traces", name),
        connections=connections,
    )
