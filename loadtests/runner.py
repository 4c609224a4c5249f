"""Runs one load generator as a process of its own: Locust without its command line, reporting as lines of JSON."""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
import sys
from pathlib import Path

import gevent
import gevent.os
import msgspec
from locust.env import Environment
from locust.runners import LocalRunner

from .clock import Clock
from .dispatcher import LIVE_JOURNEYS_LIMIT
from .generator import LoadGenerator, Target, prepare
from .locust_user import OpenModelUser, telling_locust
from .plan import LoadPlan, Share
from .report import Line, LoadReport, Started

REPORT_EVERY_S = 1.0
OTHER_FILES = 200
"""Open files besides the connections of the journeys."""


def run_plan(
    plan: LoadPlan, target: Target, folder: Path, *, clock: Clock, stop_with_stdin: bool = False
) -> LoadReport:
    """Prepare and run all of ``plan``; say so on the standard output. SIGINT and SIGTERM end it early, but cleanly.

    With ``stop_with_stdin`` it also ends when the standard input does: when the process that started it has died.
    Raises `SetupFailed`, and KeyboardInterrupt if it is ended before the load has begun.
    """
    _interrupt_when_told_to_stop(stop_with_stdin)
    allow_connections(LIVE_JOURNEYS_LIMIT)
    environment = Environment(host=target.base_url)
    tell = telling_locust(environment.events.request)
    prepare(plan, target, folder, tell, clock)
    generator = LoadGenerator(plan, Share(), target, folder, tell, clock)
    environment.user_classes = [type("Crowd", (OpenModelUser,), {"generator": generator})]
    # What has been made so far stays: the collector need not go through it again and again during the run.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt):
        _run(environment.create_local_runner(), generator, Started(plan.origin_us, plan.ends_us, len(plan.visits)))
    report = generator.report()
    _say(report)
    return report


def allow_connections(count: int) -> None:
    """Raise this process's limit of open files to what ``count`` connections need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _run(runner: LocalRunner, generator: LoadGenerator, started: Started) -> None:
    try:
        _say(started)
        runner.start(user_count=1, spawn_rate=1)
        while not generator.ended.wait(REPORT_EVERY_S):
            _say(generator.progress())
    finally:
        runner.quit()
        generator.finish()


def _interrupt_when_told_to_stop(stop_with_stdin: bool) -> None:
    main = gevent.getcurrent()
    told: list[bool] = []

    def interrupt() -> None:
        # Ctrl-C reaches every process of a terminal, and the one above passes it on: twice told is once told.
        if not told:
            told.append(True)
            gevent.kill(main, KeyboardInterrupt, block=False)

    def interrupt_at_end_of(descriptor: int) -> None:
        gevent.os.make_nonblocking(descriptor)
        while gevent.os.nb_read(descriptor, 1):
            pass
        interrupt()

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, interrupt)
    if stop_with_stdin:
        gevent.spawn(interrupt_at_end_of, sys.stdin.fileno())


def _say(line: Line) -> None:
    # In a thread: whoever reads may be slow, and the schedule must not wait for them.
    gevent.os.tp_write(sys.stdout.fileno(), msgspec.json.encode(line) + b"\n")
