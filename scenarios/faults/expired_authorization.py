"""An authorization runs out before its money is collected: it was collected too late, or too little time was given.

The order waits for a capture that will never come. Origin: card networks void authorizations after some days, and the
issuer chooses how many.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import PositiveDuration, ProviderFault
from .setting import LEAST_US, Setting


class ExpiredAuthorization(ProviderFault, frozen=True):
    """Authorizations are void after ``lifetime_us``, and their money would be collected only after ``settle_us``."""

    lifetime_us: PositiveDuration
    settle_us: PositiveDuration

    kind = "expired_authorization"
    colour = "#7d6a1f"
    summary = "let authorizations expire before their money is collected"

    def turned(self) -> Mapping[str, Any]:
        """Collecting takes longer than authorizations live."""
        return {
            "authorization_lifetime_us": self.lifetime_us,
            "settle_median_us": self.settle_us,
            "settle_p99_us": self.settle_us,
        }

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Void after up to a session, and collected a little later or much."""
        lifetime_us = setting.up_to(draw, setting.session_us)
        settle_us = lifetime_us + LEAST_US + setting.up_to(draw, setting.session_us)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(lifetime_us, settle_us, at_us=times.at_us, for_us=times.for_us)
