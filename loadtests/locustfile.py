"""The same load under Locust's own command line, with its web page, its reports and its distribution over machines.

    locust -f loadtests/locustfile.py --scenario flash_sale --host http://127.0.0.1:8080

Add ``--headless`` to do without the web page, ``--processes 4`` for four workers on this machine, ``--master`` and
``--worker`` for several machines, whose clocks must agree. Nobody asks for a number of users: arrivals come from the
scenario, an open model, and each worker plays every n-th of them. The master plays the staff's setup and fixes the
opening. ``DOORBUSTER_TOKEN_SECRET`` must be set for all of them.
"""

from __future__ import annotations

import logging
import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from locust import LoadTestShape, events
from locust.rpc import Message
from locust.runners import MasterRunner, WorkerRunner

from loadtests.clock import Clock
from loadtests.exit_codes import INVALID, USAGE
from loadtests.generator import LoadGenerator, Target, prepare
from loadtests.locust_user import OpenModelUser, telling_locust
from loadtests.plan import LoadPlan, Share, opening_after, plan_run, scenario_for
from loadtests.report import LoadReport, combined_report
from loadtests.tokens import SECRET_VARIABLE
from scenarios.problems import ScenarioError

REPORT = "doorbuster_report"
"""The message with which a worker tells the master what has come of its share."""

log = logging.getLogger(__name__)
clock = Clock()
reports: dict[str, LoadReport | None] = {}
"""What has come of each share of the run under way, by the worker that should play it; None if it could not."""


class Crowd(OpenModelUser):
    """Everybody who comes, as far as this process plays them."""

    def on_stop(self) -> None:
        """Tell whoever leads this run what has come of it."""
        report = self.generator.report() if self.generator is not None else None
        self.environment.runner.send_message(REPORT, msgspec.to_builtins(report))


class UntilTheEnd(LoadTestShape):
    """One Locust user in every process, until each has ended its share."""

    runner: Any
    processes = 0
    """How many share the run under way."""

    failed = False
    """Whether it could not begin."""

    def reset_time(self) -> None:
        """A new run begins."""
        reports.clear()
        self.processes = max(1, self.runner.worker_count)

    def tick(self) -> tuple[int, float] | None:
        """How many users Locust runs and how many it adds in a second; None ends the run."""
        still_there = min(self.processes, self.runner.worker_count)
        return None if self.failed or len(reports) >= still_there else (self.processes, self.processes)


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser, **_: Any) -> None:
    """Ask for what a load run needs to know."""
    group = parser.add_argument_group("Doorbuster")
    group.add_argument("--scenario", default="flash_sale", help="name of a scenario, or path of its YAML file")
    group.add_argument(
        "--variant", choices=("live", "whole"), default="live", help="compressed for real time, or whole"
    )
    group.add_argument("--seed", type=int, default=1, help="seed of all random draws")
    group.add_argument("--out", default="runs/locust", help="folder under which every run leaves its calls")


@events.init.add_listener
def check_options(environment: Any, **_: Any) -> None:
    """Say at once what is wrong with the options, and listen for what comes of each share."""
    options = environment.parsed_options
    if not os.environ.get(SECRET_VARIABLE):
        raise SystemExit(f"set {SECRET_VARIABLE} to the secret under which the services accept bearer tokens")
    try:
        scenario_for(options.scenario, options.variant)
    except ScenarioError as error:
        raise SystemExit(str(error)) from error
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(REPORT, _take_report)


@events.test_start.add_listener
def begin(environment: Any, **_: Any) -> None:
    """Plan the run. The leading process sets it up and fixes the opening; those that play make a generator."""
    Crowd.generator = None
    environment.shape_class.failed = False
    try:
        _begin(environment)
    except Exception as error:  # Locust would go on without what should be there by now
        log.error("the load cannot begin: %s", error)
        environment.process_exit_code = USAGE
        environment.shape_class.failed = True


def _begin(environment: Any) -> None:
    runner, options = environment.runner, environment.parsed_options
    leads, plays = not isinstance(runner, WorkerRunner), not isinstance(runner, MasterRunner)
    scenario = scenario_for(options.scenario, options.variant)
    if leads:
        # Locust hands these down to the workers, like every option.
        options.opens_at_us = opening_after(clock.now_us(), scenario)
        options.workers_in_order = _workers_in_order(runner) if isinstance(runner, MasterRunner) else []
    plan = plan_run(scenario, options.seed, options.opens_at_us)
    folder = _folder(options.out, plan)
    target = Target(environment.host or "", os.environ[SECRET_VARIABLE])
    tell = telling_locust(environment.events.request)
    if leads:
        prepare(plan, target, folder, tell, clock)
    if plays:
        workers = options.workers_in_order
        share = Share(workers.index(runner.client_id), len(workers)) if workers else Share()
        Crowd.generator = LoadGenerator(plan, share, target, folder, tell, clock)


@events.quitting.add_listener
def judge(environment: Any, **_: Any) -> None:
    """Say why the run proves nothing, if so, and end with the exit code of an INVALID run."""
    shape = environment.shape_class
    if isinstance(environment.runner, WorkerRunner) or shape.failed:
        return
    given = [report for report in reports.values() if report is not None]
    reasons = combined_report(given).invalid if given else ()
    missing = shape.processes - len(given)
    if missing:
        reasons = (*reasons, f"{missing} of {shape.processes} shares of the load were not reported")
    for reason in reasons:
        environment.process_exit_code = INVALID
        log.error("INVALID: %s", reason)


def _workers_in_order(master: MasterRunner) -> list[str]:
    return sorted((worker.id for worker in master.clients.ready), key=master.get_worker_index)


def _folder(out: str, plan: LoadPlan) -> Path:
    opening = datetime.fromtimestamp(plan.origin_us / 1_000_000, UTC)
    folder = Path(out) / f"{opening:%Y%m%d-%H%M%S}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _take_report(environment: Any, msg: Message, **_: Any) -> None:
    reports[msg.node_id] = msgspec.convert(msg.data, LoadReport | None)
