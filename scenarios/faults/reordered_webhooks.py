"""Webhooks overtake each other: "refunded" arrives before "captured".

Whoever lets the last message win ends in the wrong state. Origin: Standard Webhooks specification, which promises no
order.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import PositiveDuration, ProviderFault, Share
from .setting import Setting, draw_share


class ReorderedWebhooks(ProviderFault, frozen=True):
    """Of the webhooks ``share`` are held back, each by up to ``up_to_us``."""

    share: Share
    up_to_us: PositiveDuration

    kind = "reordered_webhooks"
    colour = "#2f9e8f"
    summary = "hold some webhooks back, so that younger ones overtake them"

    def turned(self) -> Mapping[str, Any]:
        """Webhooks overtake each other."""
        return {"webhook_reorder_share": self.share, "webhook_reorder_up_to_us": self.up_to_us}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Held back by up to a session, for any part of the window."""
        share, up_to_us = draw_share(draw), setting.up_to(draw, setting.session_us)
        times = setting.times(draw, setting.until_us)
        return cls(share, up_to_us, at_us=times.at_us, for_us=times.for_us)
