"""Judges what is in a folder, a run or a rehearsal, and draws its report if wanted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reports.report import write_report, write_verdict_only
from reports.verdict import VERDICT_FILE, Verdict


def judge_folder(folder: Path, *, with_report: bool) -> Verdict:
    """The verdict on the run or rehearsal in ``folder``, written there, with its report if wanted.

    Raises `NotARunFolder` or `BadPictures`, one line each, if something is missing or damaged.
    """
    if not with_report:
        return write_verdict_only(folder)
    write_report(folder)
    return msgspec.json.decode((folder / VERDICT_FILE).read_bytes(), type=Verdict)
