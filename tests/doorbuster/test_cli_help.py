"""Help: every verb explains itself with an example, at once."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from command_lines import CommandLine

VERBS = ("list", "rehearse", "simulate", "check", "replay", "serve", "load", "report", "dead-letters", "doctor")
HEAVY = ("aiokafka", "faust", "gevent", "matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "simpy", "uvicorn")


def test_without_arguments_it_prints_help(command_line: CommandLine) -> None:
    result = command_line()

    assert result.exit_code == 0
    assert all(verb in result.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_a_seed_and_a_format(command_line: CommandLine, verb: str) -> None:
    result = command_line(verb, "--help")

    assert result.exit_code == 0
    assert f"doorbuster {verb} " in result.stdout.partition("Example")[2] + " "
    assert re.search(r"--seed\b(?!s)", result.stdout)
    assert "--format" in result.stdout


def test_help_waits_for_no_library_that_it_does_not_need() -> None:
    program = (
        "import sys; from doorbuster.main import app; app(['--help'], standalone_mode=False); "
        f"sys.stderr.write(' '.join(sorted(set({HEAVY}) & set(sys.modules))))"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "rehearse" in ended.stdout
    assert ended.stderr == ""


def test_the_version_is_that_of_the_distribution(command_line: CommandLine) -> None:
    assert command_line("--version").stdout.startswith("doorbuster ")
