"""How long after one event another one came that belongs to it, told apart by what the first one says."""

from __future__ import annotations

import msgspec
import numpy
from numpy.typing import NDArray

from . import wording
from .happenings import Happenings, field_of
from .pictures import Wait
from .time_axis import Floats


class Waited(msgspec.Struct, frozen=True):
    """The waits that came to an end, in seconds, and what each was for."""

    wait: Wait
    seconds: Floats
    keys: NDArray[numpy.str_]

    def of(self, key: str) -> Floats:
        """The waits of one key alone."""
        chosen: Floats = self.seconds[self.keys == key]
        return chosen


def waits_of(wait: Wait, happenings: Happenings) -> Waited:
    """From the first event that begins each wait to the first one that ends it."""
    ended_s: dict[object, float] = {}
    for happened in happenings.of(wait.ends):
        ended_s.setdefault(field_of(happened, wait.same), happened.seconds)
    rows: dict[object, tuple[float, str]] = {}
    for happened in happenings.of(wait.begins):
        same = field_of(happened, wait.same)
        if same in ended_s:
            key = wording.printable(str(field_of(happened, wait.per)))
            rows.setdefault(same, (ended_s[same] - happened.seconds, key))
    return Waited(
        wait,
        numpy.array([seconds for seconds, _ in rows.values()], dtype=float),
        numpy.array([key for _, key in rows.values()], dtype=str),
    )
