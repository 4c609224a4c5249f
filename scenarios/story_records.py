"""What a story holds: how one run came to break one rule, chosen from all that happened in it.

Whoever has a run writes such a story; reports draw it. All instants are microseconds after the scenario's opening,
negative before it, and all texts are ready to be read by people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

STORY_FORMAT = 1
"""Version of the format. Raise it whenever an older reader would misread a newer story."""

EVENTS_MAX = 12
"""A story has at most so many domain events: what does not fit in a glance is not understood."""

MomentKind = Literal["event", "command", "answer", "fault"]

Fate = Literal["", "copy", "lost", "never"]
"""Empty for what simply happened. ``copy``: it stands in the log, but its readers drop it; ``lost``: somebody had it in
hand, and then nobody; ``never``: it should have followed and did not."""


class Told(msgspec.Struct, frozen=True):
    """The rule that was broken, in words: its name and statement."""

    name: str
    statement: str


class Breach(msgspec.Struct, frozen=True):
    """How it was broken: what the checker said, about which aggregate, when."""

    message: str
    subject: str
    time_us: int


class Lane(msgspec.Struct, frozen=True):
    """A column of the picture: ``clients``, ``gateway``, a service or ``provider``, and the processes seen at work."""

    name: str
    processes: tuple[str, ...] = ()


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, or should have.

    ``sentence`` tells its data; ``subject`` is the aggregate that it is about, ``by`` the command that asked for it.
    ``cause_id`` is the id of the message that led to it, shown or not. ``broke`` marks where the rule was broken.
    """

    id: str
    time_us: int
    lane: str
    kind: MomentKind
    title: str
    sentence: str
    subject: str = ""
    by: str = ""
    process: str = ""
    cause_id: str = ""
    fate: Fate = ""
    broke: bool = False


class Arrow(msgspec.Struct, frozen=True):
    """The moment ``before`` led to the moment ``after``, ``skipped`` messages in between that are not shown."""

    before: str
    after: str
    skipped: int = 0


class FaultSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A fault while it lasted. ``moment_id`` is where it strikes; ``lanes`` are those that it hits, none for all.

    ``colour`` is the kind's own, ``#rrggbb``; ``knobs`` is how it was set, in a scenario's words.
    """

    moment_id: str
    kind: str
    summary: str
    colour: str
    from_us: int
    until_us: int
    target: str = ""
    lanes: tuple[str, ...] = ()
    knobs: str = ""


class StateTable(msgspec.Struct, frozen=True):
    """An aggregate's state at one point: what that point is, and field by field what it held then."""

    title: str
    values: Mapping[str, str] = {}


class LeftOut(msgspec.Struct, frozen=True):
    """``count`` messages called ``what`` happened and are not shown."""

    what: str
    count: int


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One violation, told. ``headline`` says it in one sentence; ``moments`` are in order of time.

    ``replay`` is the command line that plays the run again; ``configuration`` is the run's, name by name.
    """

    format_version: int = STORY_FORMAT
    scenario: str
    title: str
    seed: int
    headline: str
    rule: Told
    breach: Breach
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]
    plant: str = ""
    plant_summary: str = ""
    arrows: tuple[Arrow, ...] = ()
    faults: tuple[FaultSpan, ...] = ()
    state_subject: str = ""
    state_before: StateTable = StateTable("")
    state_after: StateTable = StateTable("")
    left_out: tuple[LeftOut, ...] = ()
    configuration: Mapping[str, str] = {}
    replay: str = ""

    @property
    def events(self) -> tuple[Moment, ...]:
        """The domain events among the moments, copies and lost ones included."""
        return tuple(moment for moment in self.moments if moment.kind == "event")
