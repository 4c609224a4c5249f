"""``doorbuster report``: judge a run folder again and write its report anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console import Format, print_json, progress
from ..options import IdleSeed, OutputFormat

EXAMPLE = "doorbuster report runs/flash_sale/20260901-100000-rehearse"


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN_FOLDER", help="The folder of a run or of a rehearsal.", show_default=False)
    ],
    seed: IdleSeed = 0,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Judge a run or a rehearsal from its folder alone, and write its report (again)."""
    from ..judging import judge_folder
    from ..verdicts import print_verdict, rehearsal_document, run_document

    with progress("Writing the report"):
        verdict = judge_folder(folder, with_report=True)
    if output_format is Format.TEXT:
        print_verdict(verdict, folder)
    elif verdict.worlds:
        print_json(rehearsal_document(folder, verdict))
    else:
        print_json(run_document(folder, verdict))
    raise typer.Exit(verdict.code)
