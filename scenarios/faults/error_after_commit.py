"""The provider does what it was asked and answers with an error: it failed between its commit and its answer.

The caller takes a 500 for "not done", and is wrong. Origin: the same gap that the outbox pattern closes (Richardson,
"Microservices Patterns", 2018), at somebody else's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault, Share
from .setting import Setting, draw_share


class ErrorAfterCommit(ProviderFault, frozen=True):
    """Of the requests ``share`` are done and answered with an error."""

    share: Share

    kind = "error_after_commit"
    colour = "#4f6b1a"
    summary = "do some requests and answer them with an error"

    def turned(self) -> Mapping[str, Any]:
        """Requests are done and answered with an error."""
        return {"error_after_commit_share": self.share}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A noticeable share, for a while."""
        share = draw_share(draw)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(share, at_us=times.at_us, for_us=times.for_us)
