"""The provider tells the same thing twice or more: our answer was lost, or was too late for its patience.

Every provider says that its webhooks come at least once. A capture that is counted per webhook is money counted twice.
Origin: Standard Webhooks specification, "Idempotency"; Stripe, "Best practices for using webhooks".
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Any, Self

import msgspec

from .fault import Duration, ProviderFault, Share
from .setting import Setting, draw_share


class DuplicateWebhooks(ProviderFault, frozen=True):
    """Of the webhooks ``share`` come in up to ``copies_up_to`` more copies, at most ``spacing_up_to_us`` apart."""

    share: Share
    copies_up_to: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    spacing_up_to_us: Duration = 5_000_000

    kind = "duplicate_webhooks"
    colour = "#12876b"
    summary = "deliver some webhooks several times"

    def turned(self) -> Mapping[str, Any]:
        """Webhooks come several times."""
        return {
            "webhook_duplicate_share": self.share,
            "webhook_duplicate_copies_up_to": self.copies_up_to,
            "webhook_duplicate_spacing_up_to_us": self.spacing_up_to_us,
        }

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to three copies more, from at the same moment to about as far apart as a rule's duration."""
        share, copies = draw_share(draw), draw.randint(1, 3)
        spacing_up_to_us = setting.up_to(draw, setting.near_a_rule(draw))
        times = setting.times(draw, setting.until_us)
        return cls(share, copies, spacing_up_to_us, at_us=times.at_us, for_us=times.for_us)
