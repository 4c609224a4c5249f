"""docs/faults.md is what the faults say of themselves; ``python -m scenarios.faults`` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.faults.catalog import FAULTS
from scenarios.faults.page import COMMAND, page

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def test_what_is_committed_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run: {COMMAND}"


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_is_told_with_its_colour_and_its_knobs(kind: str) -> None:
    fault = FAULTS[kind]
    row = next(line for line in page().splitlines() if line.startswith(f"| [`{kind}`]"))
    assert f"`{fault.colour}`" in row
    assert fault.summary in row
    section = page().partition(f"## {kind}\n")[2].partition("\n## ")[0]
    assert "`at`" in section
    assert "_us`" not in section
    assert "``" not in section
    assert any(word in section for word in ("Origin", "Source"))
