"""Messages are appended twice: a producer missed the broker's answer and sent again.

Without idempotent producers this is what "at least once" means on the writing side; consumers see both copies, one
after the other. Origin: the reason for KIP-98, Exactly Once Delivery and Transactional Messaging (2016).
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, Share
from .setting import Setting, draw_share
from .stage import Stage


class DuplicateMessages(LastingFault, frozen=True):
    """Of all that is appended to the broker, ``share`` is appended twice."""

    share: Share

    kind = "duplicate_messages"
    colour = "#16324f"
    worlds = ONLY_SIMULATED
    summary = "append some messages twice, as a producer does that missed the broker's answer"

    def strike(self, stage: Stage) -> None:
        """Begin to copy."""
        stage.copy_messages(self.share)

    def heal(self, stage: Stage) -> None:
        """Append everything once again."""
        stage.copy_messages(0.0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A noticeable share, for a while."""
        times = setting.times(draw, 4 * setting.session_us)
        return cls(share=draw_share(draw), at_us=times.at_us, for_us=times.for_us)
