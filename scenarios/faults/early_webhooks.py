"""A webhook overtakes the answer to the request that caused it, so it tells of a payment whose id nobody knows yet.

The provider's API and its webhooks are two roads with traffic of their own. Origin: Stripe, "Best practices for using
webhooks", on the order of events.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault, Share
from .setting import Setting, draw_share


class EarlyWebhooks(ProviderFault, frozen=True):
    """Of the requests ``share`` have webhooks that leave before their answers do."""

    share: Share

    kind = "early_webhooks"
    colour = "#8fd6c0"
    summary = "deliver some webhooks before the answer to the request that caused them"

    def turned(self) -> Mapping[str, Any]:
        """Webhooks overtake answers."""
        return {"webhook_early_share": self.share}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A noticeable share, for any part of the window."""
        share = draw_share(draw)
        times = setting.times(draw, setting.until_us)
        return cls(share, at_us=times.at_us, for_us=times.for_us)
