from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from reference_services.kernel.invariant import Finding, Violation
from reference_services.kernel.message import Event, Message
from scenarios import run_tables
from scenarios.run_folder import (
    FORMAT_VERSION,
    Findings,
    Machine,
    NotARunFolder,
    RequestRow,
    RunFolderReader,
    RunFolderWriter,
    RunInfo,
    Schedule,
    Versions,
    new_run_path,
    write_findings,
)

OPENING_US = 1_700_000_000_000_000


class DoorOpened(Event, frozen=True):
    door: str
    width_cm: int


def run_info() -> RunInfo:
    return RunInfo(
        scenario="market",
        named="fairs/market.yaml",
        title="Saturday market",
        system="bookstore",
        world="simulated",
        verb="simulate",
        seed=7,
        started_at=datetime(2026, 3, 4, 12, 0, tzinfo=UTC),
        origin_us=OPENING_US,
        versions=Versions.here(["simpy", "no-such-distribution"]),
        machine=Machine.here(),
        settings={"quick": True},
        scenario_document={"name": "market"},
    )


def door_opened(number: int) -> Message:
    return Message(
        f"door/{number}/1/0",
        "market.doors",
        "market.doors.DoorOpened",
        f"door/{number}",
        OPENING_US + number,
        DoorOpened(f"dør {number}", 90),
        1,
        f"c-{number}",
        f"c-{number}",
    )


def request(number: int) -> RequestRow:
    return RequestRow(
        f"customer-{number}",
        "buy",
        OPENING_US - 7,
        "open_door",
        OPENING_US,
        OPENING_US + 5,
        OPENING_US + 2_000,
        "refused",
        409,
        "sold-out",
        f"c-{number}",
    )


def findings(violations: int = 0) -> Findings:
    breach = Violation("doors-close", "door/1", OPENING_US, "door/1/1/0", "left open")
    return Findings(
        invariants=(
            Finding("doors-close", "Doors close.", "broken" if violations else "held", violations, (breach,), breach),
        ),
        reached={"last door": 3},
        history_sha256="ab" * 32,
        events=2,
        wall_s=0.5,
        schedule=Schedule(planned=10, sent=9, late_p99_us=1_200, dropped=1),
    )


def write_run(path: Path, events: int = 2) -> None:
    with RunFolderWriter(path, run_info()) as writer:
        for number in range(events):
            writer.event(door_opened(number))
        writer.request(request(1))
        writer.sample(OPENING_US, "queue_depth", "doors/0", 17)
        writer.findings(findings())


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    reader = RunFolderReader(tmp_path / "run")
    assert reader.run == run_info()
    assert reader.findings == findings()
    event = reader.events().iloc[1].to_dict()
    assert json.loads(event.pop("data")) == {"door": "dør 1", "width_cm": 90}
    assert event == {
        "sequence": 1,
        "time_us": OPENING_US + 1,
        "source": "market.doors",
        "type": "market.doors.DoorOpened",
        "subject": "door/1",
        "version": 1,
        "id": "door/1/1/0",
        "causation_id": "c-1",
        "correlation_id": "c-1",
    }
    assert reader.requests().iloc[0].to_dict() == {
        "customer": "customer-1",
        "journey": "buy",
        "visit_us": OPENING_US - 7,
        "operation": "open_door",
        "intended_us": OPENING_US,
        "started_us": OPENING_US + 5,
        "ended_us": OPENING_US + 2_000,
        "outcome": "refused",
        "status": 409,
        "reason": "sold-out",
        "command_id": "c-1",
    }
    assert reader.samples().to_dict("list") == {
        "time_us": [OPENING_US],
        "metric": ["queue_depth"],
        "label": ["doors/0"],
        "value": [17.0],
    }


def test_rows_are_written_in_bounded_groups_and_numbered_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_tables, "ROWS_BUFFERED", 10)
    write_run(tmp_path, events=25)
    assert pyarrow.parquet.ParquetFile(tmp_path / "events.parquet").num_row_groups == 3
    assert RunFolderReader(tmp_path).events(["sequence"])["sequence"].tolist() == list(range(25))


def test_a_run_without_rows_has_empty_tables(tmp_path: Path) -> None:
    with RunFolderWriter(tmp_path / "run", run_info()):
        pass
    reader = RunFolderReader(tmp_path / "run")
    assert len(reader.events()) == len(reader.requests()) == len(reader.samples()) == 0
    assert list(reader.requests().columns) == list(run_tables.REQUESTS.names)
    assert not reader.has_findings


def test_the_run_names_its_versions_and_leaves_out_what_is_not_installed() -> None:
    assert set(run_info().versions.packages) == {"simpy"}


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    path = new_run_path(tmp_path, "market", "simulate", datetime(2026, 3, 4, tzinfo=UTC))

    def interrupted_run() -> None:
        with RunFolderWriter(path, run_info()) as writer:
            writer.event(door_opened(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_run()
    assert not path.exists()


def test_a_failed_run_takes_nothing_of_others_away(tmp_path: Path) -> None:
    (tmp_path / "services.log").write_text("started")
    with pytest.raises(ZeroDivisionError), RunFolderWriter(tmp_path, run_info()):
        1 / 0  # noqa: B018
    assert [left.name for left in tmp_path.iterdir()] == ["services.log"]


def test_rows_that_do_not_fit_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(pyarrow.ArrowException), RunFolderWriter(tmp_path / "run", run_info()) as writer:
        writer.sample(OPENING_US, "queue_depth", "doors/0", "many")  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    write_run(tmp_path)
    with pytest.raises(FileExistsError, match="already holds a run"):
        write_run(tmp_path)
    assert len(RunFolderReader(tmp_path).events()) == 2


def test_findings_can_be_replaced_later(tmp_path: Path) -> None:
    write_run(tmp_path)
    write_findings(tmp_path, findings(violations=4))
    assert RunFolderReader(tmp_path).findings.invariants[0].violations == 4


def test_while_under_way_a_run_cannot_be_read(tmp_path: Path) -> None:
    with RunFolderWriter(tmp_path, run_info()), pytest.raises(NotARunFolder, match="still under way or was killed"):
        RunFolderReader(tmp_path)


def test_new_run_paths_are_unique(tmp_path: Path) -> None:
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    paths = [new_run_path(tmp_path, "market", "simulate", now).relative_to(tmp_path).as_posix() for _ in range(3)]
    assert paths == [
        "market/20260304-050607-simulate",
        "market/20260304-050607-simulate-2",
        "market/20260304-050607-simulate-3",
    ]


def read_all(path: Path) -> None:
    reader = RunFolderReader(path)
    reader.events()
    _ = reader.findings


def break_nothing_there(path: Path) -> None:
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


def break_no_run_file(path: Path) -> None:
    (path / "run.json").unlink()


def break_rehearsal(path: Path) -> None:
    run = (path / "run.json").read_bytes()
    (path / "run.json").unlink()
    for world in ("simulated", "live"):
        (path / world).mkdir()
        (path / world / "run.json").write_bytes(run)


def break_run_file(path: Path) -> None:
    (path / "run.json").write_text('{"format_version": ')


def break_run_fields(path: Path) -> None:
    (path / "run.json").write_text(json.dumps({"format_version": FORMAT_VERSION, "scenario": 3}))


def break_version(path: Path) -> None:
    document = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps(document | {"format_version": 99}))


def break_missing_table(path: Path) -> None:
    (path / "events.parquet").unlink()


def break_table(path: Path) -> None:
    (path / "events.parquet").write_bytes((path / "events.parquet").read_bytes()[:300])


def break_columns(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"sequence": [1]}), path / "events.parquet")


def break_missing_findings(path: Path) -> None:
    (path / "findings.json").unlink()


BROKEN = {
    break_nothing_there: "{run}: there is no such folder",
    break_no_run_file: "{run}: not a run folder: run.json is missing",
    break_rehearsal: "{run}: not a run folder itself; look at the runs inside it: live, simulated",
    break_run_file: "{run}/run.json: damaged: Input data was truncated",
    break_run_fields: "{run}/run.json: damaged: Expected `str`, got `int` - at `$.scenario`",
    break_version: "{run}/run.json: written in format 99, but this version of Doorbuster reads format 2; "
    "make the run again",
    break_missing_table: "{run}/events.parquet: missing from the run folder",
    break_table: "{run}/events.parquet: damaged: ",
    break_columns: "{run}/events.parquet: its columns are not those of format 2",
    break_missing_findings: "{run}/findings.json: missing from the run folder",
}


@pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__)
def test_a_damaged_folder_is_told_in_one_line(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "run"
    write_run(path)
    damage(path)  # type: ignore[operator]
    with pytest.raises(NotARunFolder) as caught:
        read_all(path)
    message = str(caught.value)
    assert message.startswith(BROKEN[damage].format(run=path))  # type: ignore[index]
    assert "\n" not in message
