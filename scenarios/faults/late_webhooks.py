"""The provider tells late what happened, after a queue of its own or a retry that waited: the hold has long expired.

Then a capture arrives for goods that others have by now. Origin: the retry schedules of payment providers, which run
over hours and days (Standard Webhooks specification, "Retries").
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import PositiveDuration, ProviderFault, Share
from .setting import Setting, draw_share


class LateWebhooks(ProviderFault, frozen=True):
    """Of the webhooks ``share`` come late, by up to ``up_to_us``."""

    share: Share
    up_to_us: PositiveDuration

    kind = "late_webhooks"
    colour = "#46bd9c"
    summary = "deliver some webhooks late"

    def turned(self) -> Mapping[str, Any]:
        """Webhooks come late."""
        return {"webhook_late_share": self.share, "webhook_late_up_to_us": self.up_to_us}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Late by up to about a duration that some rule mentions."""
        share, up_to_us = draw_share(draw), setting.near_a_rule(draw)
        times = setting.times(draw, setting.until_us)
        return cls(share, up_to_us, at_us=times.at_us, for_us=times.for_us)
