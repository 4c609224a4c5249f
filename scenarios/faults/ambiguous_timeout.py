"""A request gets no answer, and it may have been done or not: the card is charged, or it never heard of us.

Trying again with a new key charges twice; giving up keeps money without goods. Origin: "Designing robust and
predictable APIs with idempotency" (Leach, Stripe, 2017).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault, ShareOrNone
from .setting import Setting, draw_share


class AmbiguousTimeout(ProviderFault, frozen=True):
    """Of the requests ``charged_share`` are done and never answered, and ``not_charged_share`` never arrive."""

    charged_share: ShareOrNone = 0.25
    not_charged_share: ShareOrNone = 0.25

    kind = "ambiguous_timeout"
    colour = "#6b8e23"
    summary = "leave some requests without an answer, done or not"

    def turned(self) -> Mapping[str, Any]:
        """Requests are done in silence, or never arrive."""
        return {"timeout_share": self.charged_share, "lost_request_share": self.not_charged_share}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Mostly charged, mostly not, or anything between."""
        share, charged = draw_share(draw), draw.random()
        times = setting.times(draw, 4 * setting.session_us)
        return cls(round(share * charged, 3), round(share * (1 - charged), 3), at_us=times.at_us, for_us=times.for_us)
