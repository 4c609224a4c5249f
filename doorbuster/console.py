"""How the command line talks: a progress bar on a terminal, plain lines elsewhere, JSON where it was asked for."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

PLAIN_LINE_EVERY_S = 10.0
"""How often a long piece of work says how far it is where there is no terminal."""

PLAIN_WIDTH = 1_000
"""Where there is no terminal, nothing is wrapped: a line of text stays a line, and so does a row."""

errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
output = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


class Format(StrEnum):
    """How to print results."""

    TEXT = "text"
    JSON = "json"


class Tick(Protocol):
    """Says how far a piece of work is."""

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """``done`` of ``total``, in any unit; ``note`` is shown beside it."""


@contextmanager
def progress(title: str) -> Iterator[Tick]:
    """Show how far a piece of work is, on standard error, so that results on standard output stay clean."""
    if errors.is_terminal:
        with _bar(title) as tick:
            yield tick
    else:
        say(title)
        yield _plain_lines(title)


def say(text: str) -> None:
    """One line for the person who waits."""
    errors.print(text)


def print_json(document: Any) -> None:
    """The result, for a program."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()  # a program may read it while the verb goes on, as with serve


@contextmanager
def _bar(title: str) -> Iterator[Tick]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    # Results that go to the same terminal are lifted above the bar; those that go elsewhere must get there.
    with Progress(*columns, console=errors, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(title, total=None, note="")

        def tick(done: float, total: float, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield tick


def _plain_lines(title: str) -> Tick:
    last_s = time.monotonic()

    def tick(done: float, total: float, note: str = "") -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= PLAIN_LINE_EVERY_S:
            last_s = now_s
            share = done / total if total else 0.0
            say(f"{title}: {share:.0%} {note}".rstrip())

    return tick
