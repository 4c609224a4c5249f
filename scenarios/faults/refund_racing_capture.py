"""Money is collected so late that the order is cancelled meanwhile: the refund and the capture meet.

Refund what was never captured, or capture what was refunded, and the books no longer agree. Origin: asynchronous
captures of payment providers, which make "cancel" a race.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import PositiveDuration, ProviderFault
from .setting import Setting


class RefundRacingCapture(ProviderFault, frozen=True):
    """Collecting takes ``settle_median_us``, in one case of a hundred more than ``settle_p99_us``."""

    settle_median_us: PositiveDuration
    settle_p99_us: PositiveDuration

    kind = "refund_racing_capture"
    colour = "#a0527a"
    summary = "collect money so late that cancellations and refunds meet the capture"

    def turned(self) -> Mapping[str, Any]:
        """Collecting takes as long as customers are patient."""
        return {"settle_median_us": self.settle_median_us, "settle_p99_us": self.settle_p99_us}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """About as late as a duration that some rule mentions, and up to twice as late."""
        median_us = setting.near_a_rule(draw)
        p99_us = round(median_us * draw.uniform(1.0, 2.0))
        times = setting.times(draw, setting.until_us)
        return cls(median_us, p99_us, at_us=times.at_us, for_us=times.for_us)
