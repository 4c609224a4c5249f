"""``doorbuster doctor``: can it work on this machine, and if not, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from ..console import Format, output, print_json
from ..errors import USAGE
from ..options import IdleSeed, OutputFormat

if TYPE_CHECKING:
    from ..checkup import Check

EXAMPLE = "doorbuster doctor"
STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(seed: IdleSeed = 0, output_format: OutputFormat = Format.TEXT) -> None:
    """Check that this machine has what a rehearsal needs, and say what to install or change.

    Exits with 2 if something stops Doorbuster; warnings are for those who wonder why it is slow.
    """
    from ..checkup import examine

    checks = list(examine())
    code = USAGE if any(check.status == "problem" for check in checks) else 0
    if output_format is Format.JSON:
        print_json({"checks": msgspec.to_builtins(checks), "exit_code": code})
    else:
        output.print(_table(checks))
    raise typer.Exit(code)


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for check in checks:
        advice = f"→ {check.advice}" if check.advice else ""
        table.add_row(check.name, Text(check.status, STYLES[check.status]), check.found, advice)
    return table
