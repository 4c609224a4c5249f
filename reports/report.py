"""Makes the report of a run, or of a rehearsal, out of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scenarios.run_folder import NotARunFolder, write_atomically

from .chart import Chart
from .charts import write_charts
from .event_charts import event_charts
from .gauge_charts import gauge_charts
from .page import render
from .request_charts import request_charts
from .run import Run
from .sample_charts import sample_charts
from .spans import rush_axis, whole_axis
from .verdict import Verdict, judge_run, worst_of, write_verdict

WORLDS = ("simulated", "live")
"""The run folders inside the folder of a rehearsal."""

REPORT_FILE = "report.html"


def write_report(folder: Path) -> Path:
    """Write ``verdict.json``, ``charts/`` and ``report.html`` into a run's or a rehearsal's folder; the page's path.

    In a rehearsal both runs get their own verdict file too. Raises `NotARunFolder` or `pictures.BadPictures`, one line
    each, if something is missing or damaged; then nothing is written.
    """
    runs = read_runs(folder)
    verdicts = _judged(runs)
    verdict = _overall(verdicts)
    charts = charts_of(runs)
    page = render(runs, verdict, charts)
    _write_verdicts(folder, runs, verdicts)
    write_charts(charts, folder / "charts")
    write_atomically(folder / REPORT_FILE, page.encode())
    return folder / REPORT_FILE


def write_verdict_only(folder: Path) -> Verdict:
    """Judge a run's or a rehearsal's folder without drawing anything. Raises as `write_report` does."""
    runs = read_runs(folder)
    verdicts = _judged(runs)
    _write_verdicts(folder, runs, verdicts)
    return _overall(verdicts)


def read_runs(folder: Path) -> list[Run]:
    """The run in ``folder``, or both runs of the rehearsal in it, simulated first. Raises `NotARunFolder`."""
    if not any((folder / world).is_dir() for world in WORLDS):
        return [Run(folder)]
    runs = [Run(folder / world) for world in WORLDS]
    for run, world in zip(runs, WORLDS, strict=True):
        if run.info.world != world:
            raise NotARunFolder(f"{run.path}: holds a {run.info.world} run; make the rehearsal again")
    simulated, live = (run.info for run in runs)
    if (simulated.scenario, simulated.system, simulated.pictures) != (live.scenario, live.system, live.pictures):
        raise NotARunFolder(f"{folder}: its two runs are not of one rehearsal; make the rehearsal again")
    return runs


def charts_of(runs: Sequence[Run]) -> list[Chart]:
    """Every chart of one run, or of a rehearsal's two with their panels side by side."""
    rush, whole = rush_axis(runs), whole_axis(runs)
    return [
        *request_charts(runs, rush),
        *gauge_charts(runs, rush, whole),
        *sample_charts(runs, rush),
        *event_charts(runs, rush),
    ]


def _judged(runs: Sequence[Run]) -> dict[str, Verdict]:
    """The verdict on each run, by world."""
    return {run.world: judge_run(run) for run in runs}


def _overall(verdicts: dict[str, Verdict]) -> Verdict:
    return worst_of(verdicts) if len(verdicts) > 1 else next(iter(verdicts.values()))


def _write_verdicts(folder: Path, runs: Sequence[Run], verdicts: dict[str, Verdict]) -> None:
    for run in runs:
        write_verdict(run.path, verdicts[run.world])
    write_verdict(folder, _overall(verdicts))
