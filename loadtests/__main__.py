"""``python -m loadtests run``: one load generator on the command line; see `load_run` for the same from Python."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before all others: it replaces blocking calls of the standard library, which nobody may have taken hold of yet.
import locust  # noqa: F401

from scenarios.journeys.shared import SetupFailed
from scenarios.problems import ScenarioError

from .clock import Clock
from .exit_codes import INVALID, PASS, USAGE
from .generator import Target
from .plan import opening_after, plan_run, scenario_for
from .runner import run_plan
from .tokens import SECRET_VARIABLE


def main(arguments: list[str] | None = None) -> int:
    """Run as ``arguments`` want it. Returns 0, or 2 if it could not begin, or 4 if what was run proves nothing."""
    options = _parser().parse_args(arguments)
    secret = os.environ.get(options.token_secret_env, "")
    if not secret:
        return _fail(f"set {options.token_secret_env} to the secret under which the services accept bearer tokens")
    try:
        scenario = scenario_for(options.scenario, options.variant)
        clock = Clock()
        plan = plan_run(scenario, options.seed, opening_after(clock.now_us(), scenario))
        options.out.mkdir(parents=True, exist_ok=True)
        report = run_plan(
            plan, Target(options.base_url, secret), options.out, clock=clock, stop_with_stdin=options.stop_with_stdin
        )
    except (ScenarioError, SetupFailed) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        sys.stderr.write("stopped before the load began\n")
        return INVALID
    except FileExistsError as error:
        return _fail(f"{error.filename} is there already; choose another folder with --out")
    for reason in report.invalid:
        sys.stderr.write(f"INVALID: {reason}\n")
    return INVALID if report.invalid else PASS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m loadtests", description="Play the visits of a scenario over HTTP.")
    run = parser.add_subparsers(required=True, metavar="run").add_parser("run", help="run a scenario's load once")
    run.add_argument("--scenario", required=True, help="name of a scenario, or path of its YAML file")
    run.add_argument(
        "--variant", choices=("live", "whole"), default="live", help="compressed for real time, or as it is"
    )
    run.add_argument("--base-url", required=True, help="where the services are mounted, e.g. http://127.0.0.1:8080")
    run.add_argument("--token-secret-env", default=SECRET_VARIABLE, help="variable that holds the token secret")
    run.add_argument("--seed", type=int, default=1, help="seed of all random draws")
    run.add_argument("--out", type=Path, required=True, help="folder for the calls and the report")
    run.add_argument("--stop-with-stdin", action="store_true", help="stop when the standard input ends")
    return parser


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
