"""The committed pages are what the wiring says; ``python -m reference_services.diagrams`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_services.diagrams.__main__ import ARCHITECTURE, STALE, UP_TO_DATE, USAGE, main
from reference_services.registry import system_names


def test_what_is_committed_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--check"])
    assert capsys.readouterr().err == ""
    assert code == UP_TO_DATE


def test_there_are_pages_of_systems_that_there_are_and_of_no_others() -> None:
    assert sorted(path.name for path in ARCHITECTURE.iterdir() if path.is_dir()) == list(system_names())


def test_pages_are_written_where_one_says_and_checked_there(tmp_path: Path) -> None:
    assert main(["--check", "--out", str(tmp_path)]) == STALE
    assert main(["--out", str(tmp_path)]) == UP_TO_DATE
    assert main(["--check", "--out", str(tmp_path)]) == UP_TO_DATE
    for name in system_names():
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [
            "asyncapi.yaml",
            "components.md",
            "event-flow.md",
            "life-cycles.md",
        ]


def test_a_page_that_was_changed_by_hand_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--out", str(tmp_path)])
    page = tmp_path / system_names()[0] / "components.md"
    page.write_text(page.read_text(encoding="utf-8") + "By hand.\n", encoding="utf-8")

    assert main(["--check", "--out", str(tmp_path)]) == STALE
    assert capsys.readouterr().err == (
        f"diagrams: {page} is not what the wiring says; run: python -m reference_services.diagrams\n"
    )


def test_an_unknown_system_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere", "--check"]) == USAGE
    assert "there is no system 'nowhere'; choose one of" in capsys.readouterr().err
