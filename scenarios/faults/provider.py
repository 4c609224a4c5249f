"""The payment provider misbehaves in whatever way its knobs can express, for a while.

For what has no fault of its own, such as a latency that grows. Origin of the knobs:
`reference_services.payment_provider.misbehaviour`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from reference_services.payment_provider.misbehaviour import Misbehaviour

from ..units import convert_with_units
from .fault import ProviderFault
from .setting import Setting

_Knobs = msgspec.defstruct(
    "_Knobs",
    [(field.name, field.type, field.default) for field in msgspec.structs.fields(Misbehaviour)],
    frozen=True,
    kw_only=True,
)
"""``Misbehaviour`` without the rules between its knobs: they hold for all together, not for those that are turned."""


class Provider(ProviderFault, frozen=True):
    """Turns ``knobs``, written as under ``provider`` of a scenario: ``{timeout_share: 50%, latency_p99: 4s}``.

    Raises `scenarios.problems.BadValues` for a knob that the provider does not have or a value that it does not take.
    """

    knobs: dict[str, Any]

    kind = "provider"
    colour = "#3d7a5c"
    summary = "turn any knobs of the provider, for what has no kind of its own"

    def __post_init__(self) -> None:
        self.turned()

    def turned(self) -> Mapping[str, Any]:
        """The knobs that are written."""
        all_knobs = msgspec.structs.asdict(convert_with_units(self.knobs, _Knobs, ("knobs",)))
        return {name: value for name, value in all_knobs.items() if name.removesuffix("_us") in self.knobs}

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A provider that answers slowly, by up to what its callers wait and a little more."""
        latency_ms = setting.up_to(draw, 2 * setting.session_us) // 1_000
        times = setting.times(draw, 4 * setting.session_us)
        knobs = {"latency_median": f"{latency_ms}ms", "latency_p99": f"{2 * latency_ms}ms"}
        return cls(knobs, at_us=times.at_us, for_us=times.for_us)
