"""Cards are declined: an issuer's risk rules have changed, or its systems are down and it says no to be safe.

The goods stay held for customers who try again, some of them at the last second. Origin: stand-in processing of the
card networks.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault, Share
from .setting import Setting, draw_share


class Declines(ProviderFault, frozen=True):
    """Of the cards ``share`` are declined."""

    share: Share

    kind = "declines"
    colour = "#a3b84c"
    summary = "decline some cards"

    def turned(self) -> Mapping[str, Any]:
        """Cards are declined."""
        return {"decline_share": self.share}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A noticeable share, for any part of the window."""
        share = draw_share(draw)
        times = setting.times(draw, setting.until_us)
        return cls(share, at_us=times.at_us, for_us=times.for_us)
