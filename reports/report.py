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
from .utilization_charts import utilization_charts
from .verdict import Verdict, judge_run, worst_of, write_verdict
from .wait_charts import wait_charts

WORLDS = ("simulated", "live")
"""The run folders inside the folder of a rehearsal: the same work in two worlds."""

WHOLE = "whole"
"""A third one, if it is there: the scenario as it is, simulated only, because reality would take too long."""

REPORT_FILE = "report.html"


def write_report(folder: Path) -> Path:
    """Write ``verdict.json``, ``charts/`` and ``report.html`` into a run's or a rehearsal's folder; the page's path.

    In a rehearsal both runs get their own verdict file too, and the whole scenario's run its own report. Raises
    `NotARunFolder` or `pictures.BadPictures`, one line each, if something is missing or damaged; then nothing is
    written.
    """
    runs, whole = read_runs(folder), read_whole(folder)
    verdicts = _judged(runs, whole)
    pages = [_Page(folder, runs, _overall(verdicts))]
    pages += [_Page(run.path, [run], verdicts[_world_of(run, whole)]) for run in whole]
    for page in pages:
        page.draw()
    _write_verdicts(folder, runs, whole, verdicts)
    for page in pages:
        page.write()
    return folder / REPORT_FILE


def write_verdict_only(folder: Path) -> Verdict:
    """Judge a run's or a rehearsal's folder without drawing anything. Raises as `write_report` does."""
    runs, whole = read_runs(folder), read_whole(folder)
    verdicts = _judged(runs, whole)
    _write_verdicts(folder, runs, whole, verdicts)
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


def read_whole(folder: Path) -> list[Run]:
    """The run of the whole scenario in the rehearsal in ``folder``, if there is one. Raises `NotARunFolder`."""
    return [Run(folder / WHOLE)] if (folder / WHOLE).is_dir() else []


def charts_of(runs: Sequence[Run]) -> list[Chart]:
    """Every chart of one run, or of a rehearsal's two with their panels side by side."""
    rush, whole = rush_axis(runs), whole_axis(runs)
    return [
        *request_charts(runs, rush),
        *gauge_charts(runs, rush, whole),
        *utilization_charts(runs, whole),
        *wait_charts(runs),
        *sample_charts(runs, rush),
        *event_charts(runs, rush),
    ]


class _Page:
    """One report, drawn before any of a rehearsal's files is written."""

    def __init__(self, folder: Path, runs: Sequence[Run], verdict: Verdict) -> None:
        self._folder = folder
        self._runs = runs
        self._verdict = verdict
        self._charts: list[Chart] = []
        self._html = ""

    def draw(self) -> None:
        self._charts = charts_of(self._runs)
        self._html = render(self._runs, self._verdict, self._charts)

    def write(self) -> None:
        write_charts(self._charts, self._folder / "charts")
        write_atomically(self._folder / REPORT_FILE, self._html.encode())


def _judged(runs: Sequence[Run], whole: Sequence[Run]) -> dict[str, Verdict]:
    """The verdict on each run, by world."""
    return {_world_of(run, whole): judge_run(run) for run in (*whole, *runs)}


def _world_of(run: Run, whole: Sequence[Run]) -> str:
    return WHOLE.capitalize() if run in whole else run.world


def _overall(verdicts: dict[str, Verdict]) -> Verdict:
    return worst_of(verdicts) if len(verdicts) > 1 else next(iter(verdicts.values()))


def _write_verdicts(folder: Path, runs: Sequence[Run], whole: Sequence[Run], verdicts: dict[str, Verdict]) -> None:
    for run in (*whole, *runs):
        write_verdict(run.path, verdicts[_world_of(run, whole)])
    write_verdict(folder, _overall(verdicts))
