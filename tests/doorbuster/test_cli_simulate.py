"""``doorbuster simulate``: one seed or many, kept or not, judged in any case."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from command_lines import CommandLine

from doorbuster.judging import judge_folder
from doorbuster.simulated import simulate_into
from reference_services.registry import load_checks, load_sequential_models
from scenarios.loading import load_scenario
from scenarios.run_folder import RunFolderReader
from simulations.simulation import simulate

WriteScenario = Callable[..., Path]


def test_json_tells_everything_about_the_run(command_line: CommandLine, pocket_sale: Path) -> None:
    document = command_line.json("simulate", pocket_sale, "--seed", 3, "--no-report")

    scenario = load_scenario(pocket_sale)
    invariants, coverage = load_checks(scenario.system, scenario.terms)
    assert (document["scenario"], document["seed"], document["world"]) == ("pocket_sale", 3, "simulated")
    assert document["variant"] == "whole"
    assert len(document["history_sha256"]) == 64
    assert document["events"] > 100
    assert document["wall_s"] > 0
    models = load_sequential_models(scenario.system, scenario.terms)
    assert models is not None
    names = [*(invariant.name for invariant in invariants), *models.rules]
    assert document["invariants"] == dict.fromkeys(names, 0)
    assert list(document["reached"]) == list(coverage.names)
    assert [objective["status"] for objective in document["objectives"]] == ["met", "met"]
    assert (document["verdict"], document["exit_code"]) == ("PASS", 0)


def test_it_leaves_a_run_folder_with_a_report(command_line: CommandLine, pocket_sale: Path) -> None:
    document = command_line.json("simulate", pocket_sale)

    folder = Path(document["folder"])
    assert folder.parent == Path("runs/pocket_sale")
    assert (folder / "report.html").stat().st_size > 10_000
    assert Path(document["report"]) == folder / "report.html"
    reader = RunFolderReader(folder)
    assert reader.findings.history_sha256 == document["history_sha256"]
    assert len(reader.samples()) > 0
    customers = set(reader.requests()["customer"]) - {"staff"}
    assert len(customers) == 60
    assert reader.findings.schedule.planned >= len(customers)


def test_the_report_tells_a_command_that_makes_the_run_again(
    command_line: CommandLine, pocket_sale_with: WriteScenario
) -> None:
    path = pocket_sale_with().relative_to(Path.cwd())
    document = command_line.json("simulate", path, "--variant", "live", "--seed", 3)

    report = Path(document["report"]).read_text()
    command = html.unescape(report.partition('<pre class="command"><code>')[2].partition("</code>")[0])
    assert command == "doorbuster simulate pocket_sale.yaml --seed 3 --variant live"
    again = command_line.json(*shlex.split(command)[1:])
    assert again["history_sha256"] == document["history_sha256"]


def test_without_a_folder_it_leaves_nothing(command_line: CommandLine, pocket_sale: Path, tmp_path: Path) -> None:
    document = command_line.json("simulate", pocket_sale, "--no-folder")

    assert document["folder"] is None
    assert document["exit_code"] == 0
    assert list(tmp_path.iterdir()) == []


def test_people_read_the_verdict_first(command_line: CommandLine, pocket_sale: Path) -> None:
    result = command_line("simulate", pocket_sale, "--no-report")

    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("PASS")
    assert "no-oversell" in result.stdout
    assert "sold-out" in result.stdout
    assert "Run folder: runs/pocket_sale/" in result.stdout


def test_the_live_variant_is_another_run(command_line: CommandLine, pocket_sale: Path) -> None:
    whole = command_line.json("simulate", pocket_sale, "--no-folder")
    live = command_line.json("simulate", pocket_sale, "--no-folder", "--variant", "live")

    assert live["variant"] == "live"
    assert live["history_sha256"] != whole["history_sha256"]


@pytest.mark.parametrize("seeds", [("--seed", 7), ("--seeds", "7-7")])
def test_what_only_happens_for_real_is_left_out_of_the_live_variant_and_told(
    command_line: CommandLine, pocket_sale_with: WriteScenario, pocket_sale: Path, seeds: tuple[object, ...]
) -> None:
    live = yaml.safe_load(pocket_sale.read_text())["live"]
    cut = {"kind": "cut_link", "between": ["inventory", "broker"], "at": "2s", "for": "1s"}
    pause = {"kind": "pause", "target": "orders", "at": "1s", "for": "1s"}
    scenario = pocket_sale_with(live=live | {"faults": [cut, pause]})

    result = command_line("simulate", scenario, "--variant", "live", "--format", "json", *seeds)

    document = json.loads(result.stdout)
    run = document["runs"][0] if "runs" in document else document
    assert run["exit_code"] == 0, run["reasons"]
    assert run["left_out"] == ["cut_link inventory to broker"]
    assert result.stderr.count("cut_link inventory to broker cannot happen in virtual time") == 1
    if run["report"]:
        assert "virtual time: cut_link inventory to broker." in Path(run["report"]).read_text()
        document = RunFolderReader(Path(run["folder"])).run.scenario_document
        assert [fault["kind"] for fault in document["faults"]] == ["pause"]


def test_the_history_does_not_depend_on_the_process(pocket_sale: Path, tmp_path: Path) -> None:
    def simulated(hash_seed: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "doorbuster", "simulate", pocket_sale, "--no-folder", "--format", "json"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        return str(json.loads(ended.stdout)["history_sha256"])

    assert simulated("1") == simulated("2")


def test_watching_the_progress_changes_nothing(command_line: CommandLine, pocket_sale: Path) -> None:
    watched = command_line.json("simulate", pocket_sale, "--no-folder")["history_sha256"]

    assert simulate(load_scenario(pocket_sale), 7).history_sha256 == watched


def test_a_missed_objective_exits_with_1(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    scenario = pocket_sale_with(objectives=[{"operation": "place_order", "percentile": 99, "max_ms": 0.001}])

    document = command_line.json("simulate", scenario, "--no-folder")

    assert (document["verdict"], document["exit_code"]) == ("FAIL: objective", 1)
    assert command_line("simulate", scenario, "--no-folder").exit_code == 1


def test_what_was_never_reached_exits_with_4(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    scenario = pocket_sale_with(reach=["capture-after-expiry-refunded"])

    result = command_line("simulate", scenario, "--no-folder")

    assert result.exit_code == 4
    assert result.stdout.lstrip().startswith("INVALID")
    assert "capture-after-expiry-refunded, and never did" in result.stdout


def test_seeds_are_simulated_on_all_cores_and_added_up(command_line: CommandLine, pocket_sale: Path) -> None:
    total = command_line.json("simulate", pocket_sale, "--seeds", "6-8")
    alone = command_line.json("simulate", pocket_sale, "--seed", 7, "--no-folder")

    assert [run["seed"] for run in total["runs"]] == [6, 7, 8]
    assert total["runs"][1]["history_sha256"] == alone["history_sha256"]
    assert total["events"] == sum(run["events"] for run in total["runs"])
    assert total["reached"]["sold-out"] == sum(run["reached"]["sold-out"] for run in total["runs"])
    assert (total["verdict"], total["exit_code"]) == ("PASS", 0)
    assert not Path("runs").exists()


def test_seeds_have_to_reach_everything_together(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    scenario = pocket_sale_with(reach=["sold-out", "capture-after-expiry-refunded"])

    total = command_line.json("simulate", scenario, "--seeds", "1-2")

    assert [run["exit_code"] for run in total["runs"]] == [0, 0]
    assert total["missing_reach"] == ["capture-after-expiry-refunded"]
    assert total["exit_code"] == 4


def test_the_worst_seed_decides(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    slow = pocket_sale_with(objectives=[{"operation": "place_order", "percentile": 99, "max_ms": 0.001}])

    result = command_line("simulate", slow, "--seeds", "1-2")

    assert result.exit_code == 1
    assert result.stdout.count("FAIL: objective") == 4  # a line for each seed, and the total with its count


def test_arrivals_that_were_due_after_the_end_make_a_run_invalid(pocket_sale: Path, tmp_path: Path) -> None:
    ends_early = load_scenario(pocket_sale).model_copy(update={"horizon_us": 30_000_000})

    simulate_into(tmp_path / "run", ends_early, 7, verb="simulate", settings={}, tick=lambda *_: None)
    verdict = judge_folder(tmp_path / "run", with_report=False)

    assert verdict.code == 4
    assert any(re.fullmatch(r"Of 6\d planned arrivals \d+ never began\.", reason) for reason in verdict.reasons)


@pytest.mark.parametrize("seeds", ["7", "a-b", "9-1", "1-", "1-999999999"])
def test_seeds_that_are_no_range_exit_with_2(command_line: CommandLine, pocket_sale: Path, seeds: str) -> None:
    result = command_line("simulate", pocket_sale, "--seeds", seeds)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"doorbuster: --seeds {seeds}: ")
    assert len(result.stderr.splitlines()) == 1
