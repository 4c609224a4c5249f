"""Links: which two ends a connection has that faults can slow down or cut.

The first end is who connects, a service (all of its workers) or ``gateway``; the second is to whom, ``provider`` or
``broker``.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from .fault import ONLY_LIVE, OUTSIDE, Fault, LastingFault
from .setting import Setting

Link = tuple[str, str]


class LinkFault(LastingFault, frozen=True):
    """A fault of the connection ``between`` two: who connects, and to whom."""

    between: Link

    worlds = ONLY_LIVE

    @property
    def whom(self) -> str:
        """Both ends."""
        return " to ".join(self.between)

    def __post_init__(self) -> None:
        caller, callee = self.between
        if callee not in OUTSIDE:
            raise ValueError(
                f"`between` must end with {' or '.join(OUTSIDE)}, not {callee!r}; write who connects first"
            )
        if caller in OUTSIDE:
            raise ValueError(
                f"`between` must begin with a service or gateway, not {caller!r}; write who connects first"
            )


def links_of(faults: Iterable[Fault]) -> tuple[Link, ...]:
    """The links that ``faults`` are about, each once."""
    return tuple(sorted({fault.between for fault in faults if isinstance(fault, LinkFault)}))


def draw_link(draw: random.Random, setting: Setting) -> Link:
    """The link from the service of some worker, or from the gateway, to the broker."""
    return setting.target(draw, "worker", "gateway").rpartition("-")[0], "broker"
