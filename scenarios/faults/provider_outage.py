"""The provider is down: every request is refused with an error, and nothing is done.

Retries pile up and are all due when it comes back; what gave up must be settled by somebody else. Origin: the status
page of any provider.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

from .fault import ProviderFault
from .setting import Setting


class ProviderOutage(ProviderFault, frozen=True):
    """Every request is refused with an error and not done."""

    kind = "provider_outage"
    colour = "#c2a83e"
    summary = "refuse every request to the provider with an error"

    def turned(self) -> Mapping[str, Any]:
        """Every request fails."""
        return {"error_share": 1.0}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to five sessions, which outlasts some retries."""
        times = setting.times(draw, 5 * setting.session_us)
        return cls(at_us=times.at_us, for_us=times.for_us)
