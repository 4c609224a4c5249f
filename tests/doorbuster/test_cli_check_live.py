"""``doorbuster check --live``: the checkers that find a planted bug in virtual time find it in real services, too."""

from __future__ import annotations

import os
from pathlib import Path

from command_lines import CommandLine

PLANT = "stock-clamped"


def test_a_planted_bug_is_found_in_real_services(command_line: CommandLine) -> None:
    document = command_line.json("check", "short_sale", "--plant", PLANT, "--live")

    assert document["exit_code"] == 3
    assert (document["plant"], document["invariant"], document["found"]) == (PLANT, "no-oversell", True)
    assert "received" in document["message"]
    assert (Path(document["folder"]) / "report.html").exists()
    assert "DOORBUSTER_PLANT" not in os.environ


def test_it_takes_one_scenario_and_a_plant_that_can_be_served(command_line: CommandLine) -> None:
    for arguments in (["short_sale"], ["--plant", PLANT], ["short_sale", "--plant", "decided-again"]):
        result = command_line("check", *arguments, "--live")
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
