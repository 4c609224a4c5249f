"""The story of a violation as a page: the rule in words, the picture, the state before and after, and how to replay it.

Like the report it is one file that needs no network. ``story.json`` beside it holds the same for programs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scenarios.run_folder import write_atomically
from scenarios.story_records import STORY_FORMAT, Moment, Story

from . import style, wording
from .page import TEMPLATES
from .story_picture import picture_of

STORY_FILE, STORY_DATA_FILE = "story.html", "story.json"

SHOWN_KINDS = 8
"""So many kinds of what is left out are counted by name; the others together."""

KINDS = {"event": "event", "command": "command", "answer": "answer", "fault": "fault"}
FATES = {"copy": "dropped copy", "lost": "lost", "never": "never came"}


class NotAStory(Exception):
    """The file is not a story that this version can read; one line says why."""


def write_story(folder: Path, story: Story) -> Path:
    """Write ``story.json`` and ``story.html`` into ``folder``, each whole or not at all; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / STORY_FILE
    html = render_story(story)
    write_atomically(folder / STORY_DATA_FILE, msgspec.json.encode(story) + b"\n")
    write_atomically(page, html.encode())
    return page


def read_story(path: Path) -> Story:
    """The story in ``path``. Raises `NotAStory`."""
    try:
        story = msgspec.json.decode(path.read_bytes(), type=Story)
    except OSError as error:
        raise NotAStory(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAStory(f"{path}: not a story, or damaged: {error}") from error
    if story.format_version != STORY_FORMAT:
        raise NotAStory(f"{path}: a story of format {story.format_version}; this version reads {STORY_FORMAT}")
    return story


def render_story(story: Story) -> str:
    """The page, as text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"after_opening": after_opening, "duration": wording.duration}
    return environment.get_template("story.html").render(_context(story))


def after_opening(time_us: int) -> str:
    """An instant from the opening on, to the millisecond: ``0:21.043``, ``−0:03.200``, ``1:02:03.500``."""
    sign, rest_ms = ("−" if time_us < 0 else ""), round(abs(time_us) / 1_000)
    minutes, rest_ms = divmod(rest_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ms / 1_000:06.3f}"
    return f"{sign}{hours}:{minutes:02}:{seconds}" if hours else f"{sign}{minutes}:{seconds}"


def _context(story: Story) -> dict[str, Any]:
    numbers = {moment.id: number for number, moment in enumerate(story.moments, 1)}
    causes = {arrow.after: arrow for arrow in story.arrows if arrow.before in numbers}
    faults = {fault.moment_id: fault for fault in story.faults}
    return {
        "story": story,
        "picture": picture_of(story),
        "numbers": numbers,
        "because": {after: _because(arrow.skipped, numbers[arrow.before]) for after, arrow in causes.items()},
        "faults": faults,
        "fault_colours": {fault.kind: fault.colour for fault in story.faults},
        "kinds": KINDS,
        "fates": FATES,
        "changes": _changes(story),
        "left_out": _left_out(story),
        "colours": style.COLOURS,
        "dark_colours": style.DARK_COLOURS,
        "breaking": next((moment for moment in story.moments if moment.broke), None),
        "spoken": _spoken(story.moments),
    }


def _because(skipped: int, number: int) -> str:
    return f"{number}, {wording.counted(skipped, 'step')} on" if skipped else str(number)


def _changes(story: Story) -> list[tuple[str, str, str, bool]]:
    """Field by field: before, after, and whether they differ."""
    before, after = story.state_before.values, story.state_after.values
    names = dict.fromkeys([*before, *after])
    return [
        (name, before.get(name, wording.MISSING), after.get(name, wording.MISSING), before.get(name) != after.get(name))
        for name in names
    ]


def _left_out(story: Story) -> str:
    """What also happened, in a sentence; empty if nothing did."""
    counts = sorted(story.left_out, key=lambda each: -each.count)
    told = [f"{each.count:,} {each.what}" for each in counts[:SHOWN_KINDS]]
    others = sum(each.count for each in counts[SHOWN_KINDS:])
    return wording.listed([*told, *([f"{others:,} others"] if others else [])])


def _spoken(moments: tuple[Moment, ...]) -> str:
    """The picture for those who do not see it."""
    return "; ".join(f"{after_opening(moment.time_us)} {moment.lane}: {moment.title}" for moment in moments)
