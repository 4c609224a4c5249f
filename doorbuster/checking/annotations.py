"""Marks on a change in GitHub's user interface, as workflow commands.

Source: GitHub, "Workflow commands for GitHub Actions"; what has to be escaped is in ``actions/toolkit``
(``packages/core/src/command.ts``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from .checked import Checked


def wanted() -> bool:
    """Whether this runs in a job of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def marks(checked: Checked) -> Iterator[str]:
    """A line for every invariant that broke, or for every reason why nothing is proved."""
    total, name = checked.total, checked.total.scenario.name
    if total.first is None:
        for reason in total.why_invalid():
            yield error_command(f"{name}: {total.verdict}", reason)
        return
    for breach in total.breaches.values():
        yield error_command(f"{name}: {breach.invariant}", checked.told(breach))


def error_command(title: str, message: str) -> str:
    """The workflow command that shows ``message`` as an error."""
    return f"::error title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
