"""How charts look: colours that colour-blind readers can tell apart, in daylight and in the dark; quiet lines.

The colours of a drawing are the light ones. Where a drawing becomes part of the page, each is replaced by the page's
variable of that name, so that one drawing serves both.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import matplotlib

from .chart import Colour

COLOURS: dict[Colour, str] = {
    "deep": "#16324f",
    "blue": "#2470b3",
    "sky": "#9cc9ea",
    "amber": "#e59a1c",
    "red": "#c4411e",
    "green": "#12876b",
    "violet": "#8457a6",
    "grey": "#9aa3ab",
}

DARK_COLOURS: dict[Colour, str] = {
    "deep": "#c9d9e8",
    "blue": "#5aa9ea",
    "sky": "#2f5f86",
    "amber": "#f0b24a",
    "red": "#f0764f",
    "green": "#46bd9c",
    "violet": "#b793d6",
    "grey": "#7d868e",
}

INK, MUTED, GRID, PAPER = "#1b1f24", "#5d6772", "#e3e7eb", "#ffffff"

PAGE_VARIABLES: dict[str, str] = {
    **{hexadecimal: f"var(--{name})" for name, hexadecimal in COLOURS.items()},
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
}
"""What stands for each drawn colour on the page."""

SMALL_PT, TEXT_PT, TITLE_PT, HEADING_PT = 8.0, 9.0, 10.0, 14.0

RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT_PT,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": SMALL_PT,
    "legend.frameon": False,
    "legend.labelcolor": MUTED,
    "lines.linewidth": 1.5,
    "savefig.facecolor": PAPER,
    "svg.hashsalt": "doorbuster",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelsize": SMALL_PT,
    "xtick.major.size": 3,
    "xtick.major.width": 0.6,
    "ytick.color": MUTED,
    "ytick.labelsize": SMALL_PT,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}


def styled() -> AbstractContextManager[None]:
    """A context in which everything that is drawn gets this style."""
    return matplotlib.rc_context(RC)
