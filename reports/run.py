"""One run as reports work on it: its folder read into tables whose times count from the scenario's time 0."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path

import pyarrow
import pyarrow.compute
from pandas import DataFrame, Series

from scenarios.run_folder import Findings, RunFolderReader, RunInfo

from .gauges import CountedGauge, count, headline
from .happenings import Happenings
from .hops import Hop, hops_in
from .pictures import Pictures, read_pictures
from .utilization import Books, keep_books
from .waits import Waited, waits_of
from .wording import printable

WORLD_NAMES = {"simulated": "Simulated", "live": "Live"}

EVENT_COLUMNS = ["time_us", "type", "id", "causation_id", "data"]


class Run:
    """One run folder. Tables are read when first asked for; reading raises `scenarios.run_folder.NotARunFolder`."""

    def __init__(self, path: Path) -> None:
        self._reader = RunFolderReader(path)
        self.path = path
        self.info: RunInfo = self._reader.run
        self.findings: Findings = self._reader.findings

    @property
    def world(self) -> str:
        """``Simulated`` or ``Live``."""
        return WORLD_NAMES[self.info.world]

    @cached_property
    def pictures(self) -> Pictures:
        """What the system asks to have drawn. Raises `pictures.BadPictures`."""
        return read_pictures(self.info.pictures)

    @cached_property
    def gauges(self) -> tuple[CountedGauge, ...]:
        """The system's gauges, counted. Raises `pictures.BadPictures`."""
        return count(self.pictures, self._happenings)

    @cached_property
    def books(self) -> tuple[Books, ...]:
        """What was offered and used, for each of the system's utilizations. Raises `pictures.BadPictures`."""
        return tuple(keep_books(each, self._happenings, self.info.origin_us) for each in self.pictures.utilizations)

    @cached_property
    def waits(self) -> tuple[Waited, ...]:
        """The waits that the system asks for. Raises `pictures.BadPictures`."""
        return tuple(waits_of(wait, self._happenings) for wait in self.pictures.waits)

    @property
    def headline(self) -> str:
        """How the system itself tells how the run went, or empty. Raises `pictures.BadPictures`."""
        return headline(self.pictures, self.gauges)

    @cached_property
    def raw_requests(self) -> DataFrame:
        """The API calls exactly as they were recorded."""
        return self._reader.requests()

    @cached_property
    def requests(self) -> DataFrame:
        """The API calls, with ``intended_s`` and ``started_s`` from time 0, and ``response_us`` from intended start."""
        requests = self.raw_requests
        return requests.assign(
            intended_s=self._from_origin(requests["intended_us"]),
            started_s=self._from_origin(requests["started_us"]),
            response_us=requests["ended_us"] - requests["intended_us"],
        )

    @cached_property
    def visits(self) -> DataFrame:
        """One row per visit: when its first request was intended and when it was sent, in seconds.

        Only journeys that the scenario names count, not the staff who set things up; all of them if it names none.
        """
        requests = self.requests
        names = [str(journey["name"]) for journey in self.info.scenario_document.get("journeys", ())]
        if names:
            requests = requests[requests["journey"].isin(names)]
        return requests.groupby(["customer", "journey", "visit_us"], sort=False)[["intended_s", "started_s"]].min()

    @cached_property
    def events(self) -> DataFrame:
        """The history in order, with ``seconds`` from time 0, a short ``name`` and the ``cause`` (an event's id)."""
        events = self._reader.events(EVENT_COLUMNS)
        return events.assign(
            seconds=self._from_origin(events["time_us"]),
            name=events["type"].map(short_names(events["type"].unique().tolist(), self.info.system)),
            cause=causes(events["causation_id"]),
        )

    @cached_property
    def hops(self) -> list[Hop]:
        """How long each type of event took to cause another."""
        return hops_in(self.events)

    @cached_property
    def samples(self) -> DataFrame:
        """The measurements, with ``seconds`` from time 0."""
        samples = self._reader.samples()
        return samples.assign(seconds=self._from_origin(samples["time_us"]))

    @cached_property
    def _happenings(self) -> Happenings:
        return Happenings(self.events)

    def _from_origin(self, instants_us: Series) -> Series:
        return (instants_us - self.info.origin_us) / 1e6


def short_names(types: list[str], system: str) -> dict[str, str]:
    """Each type by its last part (``OrderPlaced``), or without the system's name where last parts are shared."""
    last = {full: full.rpartition(".")[2] for full in types}
    uses = Counter(last.values())
    short = {full: full.removeprefix(f"{system}.") if uses[name] > 1 else name for full, name in last.items()}
    return {full: printable(name) for full, name in short.items()}


def causes(causation_ids: Series) -> Series:
    """For each event the id of the event whose policy or effect led to it; empty for what clients and time caused.

    The rule is `reference_services.kernel.history.cause_of`, applied to a whole column.
    """
    ids = pyarrow.array(causation_ids, pyarrow.string())
    named = pyarrow.compute.greater_equal(pyarrow.compute.count_substring(ids, ":"), 2)
    before = pyarrow.compute.list_element(pyarrow.compute.split_pattern(ids, ":", max_splits=2, reverse=True), 0)
    return Series(pyarrow.compute.if_else(named, before, "").to_pandas(), index=causation_ids.index, dtype="str")
