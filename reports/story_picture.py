"""The picture of a story: a sequence diagram with its own small layout.

Lanes are columns, each moment has a row of its own, time runs downwards. Arrows leave and enter boxes at their sides
and run down between the lanes, where no box is; so nothing ever covers anything else, whatever a story holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from scenarios.story_records import FaultSpan, Moment, Story

from .wording import duration

TIME_WIDTH = 92
PICTURE_WIDTH = 1100
LANE_WIDTH_MIN, LANE_WIDTH_MAX = 148, 220
MARGIN = 16
BETWEEN = 40
"""Free space between the boxes of neighbouring lanes, where arrows run; the margin is for those beside the last."""

HEAD_HEIGHT = 54
TITLE_PX, SMALL_PX = 12.5, 11.0
LINE, NOTE_LINE = 16, 14
PADDING = 7
CAPTION = 17
ROW_GAP = 12
LATER_FROM_US = 1_000_000
LATER_HEIGHT = 30
TRACKS = (0, 6, -6, 12, -12)
"""Where arrows run between two lanes, off the middle; more than these share a place."""

BOLD_EM, PLAIN_EM = 0.66, 0.6
"""How wide a letter is on average, in widths of its size, in DejaVu Sans, which is as wide as faces get."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|\S")


class Column(msgspec.Struct, frozen=True):
    """A lane: the middle of its column, its name, and what is known of who works in it."""

    x: float
    name: str
    note: str


class Box(msgspec.Struct, frozen=True):
    """A moment in its place.

    ``number`` is its line in the list of moments; ``caption`` stands above the box, ``notes`` in it below the title:
    what it is about, and who did it where several could.
    """

    number: int
    moment: Moment
    x: float
    y: float
    width: float
    height: float
    titles: tuple[str, ...]
    notes: tuple[str, ...]
    caption: str
    caption_y: float
    row_y: float

    @property
    def middle_y(self) -> float:
        """Where the box is cut in half."""
        return self.y + self.height / 2


class Band(msgspec.Struct, frozen=True):
    """A fault while it lasts; its label stands in its first row."""

    fault: FaultSpan
    x: float
    y: float
    width: float
    height: float
    label: tuple[str, ...]
    label_x: float


class Line(msgspec.Struct, frozen=True):
    """An arrow: the path of its line, and whether it leads to where the rule broke, or over moments left out."""

    path: str
    broke: bool
    skipped: bool
    missing: bool


class Later(msgspec.Struct, frozen=True):
    """A place where much time passes between two rows."""

    y: float
    text: str


class Picture(msgspec.Struct, frozen=True):
    """Everything to draw, in units of a pixel."""

    width: float
    height: float
    columns: tuple[Column, ...]
    boxes: tuple[Box, ...]
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    laters: tuple[Later, ...]


def picture_of(story: Story) -> Picture:
    """Lay out ``story``."""
    return _Layout(story).picture()


class _Layout:
    def __init__(self, story: Story) -> None:
        self._story = story
        lanes = max(1, len(story.lanes))
        wide = (PICTURE_WIDTH - TIME_WIDTH - MARGIN) / lanes
        self._lane_width = min(max(wide, LANE_WIDTH_MIN), LANE_WIDTH_MAX)
        self._box_width = self._lane_width - BETWEEN
        self._middles = {
            lane.name: TIME_WIDTH + (number + 0.5) * self._lane_width for number, lane in enumerate(story.lanes)
        }
        self._shared = {lane.name for lane in story.lanes if len(lane.processes) > 1}
        self._rows: list[tuple[float, float, Moment]] = []
        self._laters: list[Later] = []

    def picture(self) -> Picture:
        boxes, height = self._place_rows()
        columns = tuple(
            Column(self._middles[lane.name], lane.name, fitted(self._note(lane.processes), self._box_width, SMALL_PX))
            for lane in self._story.lanes
        )
        return Picture(
            TIME_WIDTH + len(columns) * self._lane_width + MARGIN,
            height,
            columns,
            tuple(boxes),
            tuple(self._bands(height)),
            tuple(self._lines({box.moment.id: box for box in boxes})),
            tuple(self._laters),
        )

    @staticmethod
    def _note(processes: Sequence[str]) -> str:
        """``orders-1``, or ``orders-1, -2`` for several."""
        return ", ".join([*processes[:1], *(f"-{name.rpartition('-')[2]}" for name in processes[1:])])

    def _place_rows(self) -> tuple[list[Box], float]:
        """One row a moment, from the top; returns the boxes and the height of it all."""
        y: float = HEAD_HEIGHT
        boxes = []
        before_us: int | None = None
        for number, moment in enumerate(self._story.moments, 1):
            if before_us is not None and moment.time_us - before_us >= LATER_FROM_US:
                self._laters.append(Later(y + LATER_HEIGHT / 2, f"{duration(moment.time_us - before_us)} later"))
                y += LATER_HEIGHT
            before_us = moment.time_us
            box = self._box(number, moment, y)
            boxes.append(box)
            bottom = box.y + box.height + ROW_GAP
            self._rows.append((y, bottom, moment))
            y = bottom
        return boxes, y + ROW_GAP

    def _box(self, number: int, moment: Moment, y: float) -> Box:
        inner = self._box_width - 2 * PADDING
        titles = tuple(lines_of(moment.title, inner, TITLE_PX))
        about = moment.subject.partition("/")[2] or moment.subject
        who = moment.process if moment.lane in self._shared else ""
        notes = tuple(fitted(note, inner, SMALL_PX) for note in (about, who) if note)
        caption = fitted(_caption(moment), self._box_width + 10, SMALL_PX)
        if moment.kind == "fault":
            titles, notes, caption = tuple(self._fault_label(moment)), (), ""
        top = y + (CAPTION if caption else 0)
        height = len(titles) * LINE + len(notes) * NOTE_LINE + 2 * PADDING
        middle = self._middles.get(moment.lane, TIME_WIDTH + self._lane_width / 2)
        left = middle - self._box_width / 2
        return Box(number, moment, left, top, self._box_width, height, titles, notes, caption, top - 5, y)

    def _fault_label(self, moment: Moment) -> list[str]:
        target = [fitted(moment.process, self._box_width, SMALL_PX)] if moment.process else []
        return [*lines_of(moment.title, self._box_width, TITLE_PX), *target]

    def _bands(self, height: float) -> Iterator[Band]:
        for fault in self._story.faults:
            row = next(((top, bottom) for top, bottom, each in self._rows if each.id == fault.moment_id), None)
            if row is None:
                continue
            top = row[0]
            after = (y for y, _, each in self._rows if y > top and each.time_us >= fault.until_us)
            bottom = max(next(after, height - ROW_GAP), row[1]) - ROW_GAP / 2
            lanes = [name for name in self._middles if name in fault.lanes] or list(self._middles)
            left = self._middles[lanes[0]] - self._lane_width / 2 + 4
            right = self._middles[lanes[-1]] + self._lane_width / 2 - 4
            moment = next(each for _, _, each in self._rows if each.id == fault.moment_id)
            yield Band(
                fault, left, top, right - left, bottom - top, tuple(self._fault_label(moment)), self._middles[lanes[0]]
            )  # fmt: skip

    def _lines(self, boxes: dict[str, Box]) -> Iterator[Line]:
        taken: dict[int, list[tuple[float, float, str, int]]] = {}
        names = list(self._middles)
        for arrow in self._story.arrows:
            source, target = boxes.get(arrow.before), boxes.get(arrow.after)
            if source is None or target is None:
                continue
            start, end = names.index(source.moment.lane), names.index(target.moment.lane)
            between = end if end > start else end + 1
            track = _track(taken.setdefault(between, []), source.middle_y, target.middle_y, arrow.before)
            x = TIME_WIDTH + between * self._lane_width + TRACKS[track % len(TRACKS)]
            yield Line(
                _path(source, target, x, rightwards=end > start, same=end == start),
                target.moment.broke,
                bool(arrow.skipped),
                target.moment.fate in ("lost", "never"),
            )


def _track(taken: list[tuple[float, float, str, int]], top: float, bottom: float, source: str) -> int:
    """The first place between two lanes that is free from ``top`` to ``bottom``, or has the same source."""
    low, high = min(top, bottom), max(top, bottom)
    for track in range(len(TRACKS)):
        others = (each for each in taken if each[3] == track and each[2] != source)
        if not any(begins <= high and low <= ends for begins, ends, _, _ in others):
            break
    taken.append((low, high, source, track))
    return track


def _path(source: Box, target: Box, x: float, *, rightwards: bool, same: bool) -> str:
    """Out of the side of one box, down between the lanes, into the side of the other."""
    leave_x = source.x + source.width if rightwards or same else source.x
    enter_x = target.x if rightwards else target.x + target.width
    leave_y, enter_y = source.middle_y + 5, target.middle_y - 4
    tip_x = enter_x - 2 if rightwards else enter_x + 2
    return f"M{leave_x:.1f} {leave_y:.1f}H{x:.1f}V{enter_y:.1f}H{tip_x:.1f}"


def _caption(moment: Moment) -> str:
    told = {"": moment.by, "copy": "another content", "lost": "lost", "never": "never came"}[moment.fate]
    return "rule broken here" if moment.broke else told


def text_width(text: str, size_px: float, em: float = BOLD_EM) -> float:
    """About how wide ``text`` is in a sans-serif face of that size: a little more than it will be."""
    return len(text) * size_px * em


def fitted(text: str, width: float, size_px: float, em: float = PLAIN_EM) -> str:
    """``text``, cut with an ellipsis if it is wider than ``width``."""
    most = int(width / (size_px * em))
    return text if len(text) <= most else text[: max(1, most - 1)].rstrip("/-_. ") + "…"


def lines_of(title: str, width: float, size_px: float) -> list[str]:
    """A title in one line or two, parted where a word or a capital begins."""
    if text_width(title, size_px) <= width:
        return [title]
    spaced = " " in title or "_" in title
    parts = title.replace("_", "_ ").split() if spaced else _PARTS.findall(title)
    glue = " " if " " in title else ""
    first = ""
    while parts and text_width(first + glue + parts[0], size_px) <= width:
        first = f"{first}{glue if first else ''}{parts.pop(0)}"
    rest = glue.join(parts)
    return [each for each in (first, fitted(rest, width, size_px, BOLD_EM)) if each]
