"""What every fault is: data that says what goes wrong and when, and that knows how to strike and to heal."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec

from ..problems import unknown
from .setting import Setting
from .stage import CannotHappenHere, Kind, Stage

World = Literal["simulated", "live"]
EVERYWHERE: frozenset[World] = frozenset({"simulated", "live"})
ONLY_SIMULATED: frozenset[World] = frozenset({"simulated"})
ONLY_LIVE: frozenset[World] = frozenset({"live"})

LONGEST_US = 366 * 86_400_000_000
"""A year; what lasts longer is no fault but a way of life."""

Duration = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_US)]
PositiveDuration = Annotated[int, msgspec.Meta(gt=0, le=LONGEST_US)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
ShareOrNone = Annotated[float, msgspec.Meta(ge=0, le=1)]

PROCESSES: tuple[Kind, ...] = ("worker", "gateway", "provider", "broker")

OUTSIDE = ("provider", "broker")
"""What services and gateways connect to; they are processes only where a run is for real."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong ``at_us`` after the opening and heals ``for_us`` later.

    In a scenario its knobs are written like all others: ``at: 10s`` for ``at_us``. Everything that chance decides is in
    the knobs, so a fault that is written down and read again does exactly the same.
    """

    kind: ClassVar[str]
    """What it is called in a scenario."""

    colour: ClassVar[str]
    """How it is drawn, as ``#rrggbb``; no two kinds share one."""

    worlds: ClassVar[frozenset[World]]
    """Where it can happen."""

    summary: ClassVar[str]
    """What it does, in one line."""

    at_us: Duration

    @property
    def for_us(self) -> int:
        """How long it lasts, in microseconds."""
        raise NotImplementedError

    @property
    def heals_us(self) -> int:
        """When it heals, in microseconds after the opening."""
        return self.at_us + self.for_us

    @property
    def whom(self) -> str:
        """Whom it strikes, if its kind has a ``target``; empty if that is everybody."""
        return getattr(self, "target", "")

    @property
    def label(self) -> str:
        """What it is called and whom it strikes, e.g. ``kill orders``."""
        return f"{self.kind} {self.whom}".rstrip()

    def happens_in(self, world: World) -> bool:
        """Whether this one, with its target, can happen there."""
        return world in self.worlds and (world == "live" or self.whom not in OUTSIDE)

    @property
    def clock_error_us(self) -> int:
        """How far it puts a clock wrong, in microseconds."""
        return 0

    def strike(self, stage: Stage) -> None:
        """Let it happen. Raises `CannotHappenHere`."""
        raise NotImplementedError

    def heal(self, stage: Stage) -> None:
        """Put everything right again that `strike` made wrong; asking twice does no harm. Raises `CannotHappenHere`."""
        raise NotImplementedError

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """A fault of this kind with everything drawn, healed before the setting's window ends."""
        raise NotImplementedError


class LastingFault(Fault, frozen=True, kw_only=True):
    """A fault with a beginning and an end, which most are."""

    for_us: PositiveDuration


class ProcessFault(LastingFault, frozen=True):
    """A fault of one process: ``target``, its name, or that of a service, which means the first of its workers."""

    target: str

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to three sessions, so that both sides of the session's end are met; less often at a gateway."""
        times = setting.times(draw, 3 * setting.session_us)
        return cls(setting.target(draw, "worker", "worker", "gateway"), at_us=times.at_us, for_us=times.for_us)


class ProviderFault(LastingFault, frozen=True, kw_only=True):
    """A fault of the payment provider: some of its knobs are turned for a while.

    Source of the knobs: `reference_services.payment_provider.misbehaviour.Misbehaviour`.
    """

    worlds = EVERYWHERE

    def turned(self) -> Mapping[str, Any]:
        """The knobs by the names of ``Misbehaviour``'s fields, with plain values."""
        raise NotImplementedError

    def strike(self, stage: Stage) -> None:
        """Turn the knobs."""
        stage.turn_provider(self.turned())

    def heal(self, stage: Stage) -> None:
        """Turn them back."""
        stage.turn_provider_back(self.turned())


def process_on(stage: Stage, target: str) -> str:
    """The process that ``target`` means: its name, or that of a service, which means the first of its workers.

    Raises `CannotHappenHere` if there is none.
    """
    processes = [name for kind in PROCESSES for name in stage.targets(kind)]
    if target in processes:
        return target
    for name in processes:
        if name.rpartition("-")[0] == target:
            return name
    raise CannotHappenHere(unknown(target, processes, "process"))
