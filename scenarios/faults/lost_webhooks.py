"""The provider never tells what happened: it gave up, or somebody switched its endpoint off.

Money has moved and nobody here knows; only asking helps. Origin: the reason why every provider recommends reconciling
with its API beside its webhooks.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault, Share
from .setting import Setting, draw_share


class LostWebhooks(ProviderFault, frozen=True):
    """Of the webhooks ``share`` never come."""

    share: Share

    kind = "lost_webhooks"
    colour = "#0b5a47"
    summary = "never deliver some webhooks"

    def turned(self) -> Mapping[str, Any]:
        """Webhooks never come."""
        return {"webhook_lost_share": self.share}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A noticeable share, for any part of the window."""
        share = draw_share(draw)
        times = setting.times(draw, setting.until_us)
        return cls(share, at_us=times.at_us, for_us=times.for_us)
