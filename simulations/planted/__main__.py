"""Writes docs/planted-bugs.md: ``python -m simulations.planted``."""

from __future__ import annotations

from pathlib import Path

from .page import page

PAGE = Path(__file__).parents[2] / "docs" / "planted-bugs.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
