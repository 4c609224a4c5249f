"""What a number of seeds says about how often something breaks, and about a fix."""

from __future__ import annotations

import math
from statistics import NormalDist

import msgspec

CONFIDENCE = 0.95
UNSEEN = 1 - CONFIDENCE
"""The chance that is left to a violation that is there and was not seen."""


class Rate(msgspec.Struct, frozen=True):
    """A share of all seeds: the estimate, and the ends of its 95% interval."""

    estimate: float
    low: float
    high: float


def violation_rate(violations: int, seeds: int, *, stopped_at_first: bool) -> Rate:
    """How often seeds violate, judged from ``violations`` under ``seeds`` of them.

    ``stopped_at_first`` tells whether the search ended with its first violation instead of after a number of seeds that
    was fixed before: then how long it took is what was measured. Raises ValueError without seeds.
    """
    if seeds < 1 or not 0 <= violations <= seeds:
        raise ValueError(f"{violations} violations under {seeds} seeds say nothing")
    if not violations:
        return Rate(0.0, 0.0, bound_after_none(seeds))
    if stopped_at_first:
        return Rate(1 / seeds, *interval_until_first(seeds))
    return Rate(violations / seeds, *wilson_interval(violations, seeds))


def wilson_interval(violations: int, seeds: int) -> tuple[float, float]:
    """The 95% score interval of a share (Wilson, "Probable Inference, the Law of Succession, and Statistical
    Inference", JASA 1927); unlike the textbook's normal interval it never leaves 0 to 1 and holds for few seeds.
    """
    z = NormalDist().inv_cdf(1 - UNSEEN / 2)
    share = violations / seeds
    scale = 1 + z * z / seeds
    centre = (share + z * z / (2 * seeds)) / scale
    half_width = z * math.sqrt(share * (1 - share) / seeds + z * z / (4 * seeds * seeds)) / scale
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def interval_until_first(seeds: int) -> tuple[float, float]:
    """The exact 95% interval of a rate whose first violation came with the last of ``seeds``.

    Inverse sampling (Haldane, "On a Method of Estimating Frequencies", Biometrika 1945): the number of seeds is
    geometric, and the ends are the rates under which so few, or so many, would have a chance of 2.5%.
    """
    tail = UNSEEN / 2
    low = -math.expm1(math.log1p(-tail) / seeds)
    high = 1.0 if seeds == 1 else -math.expm1(math.log(tail) / (seeds - 1))
    return low, high


def bound_after_none(seeds: int) -> float:
    """The largest rate that may hide behind ``seeds`` clean ones: any larger would have shown with 95%.

    That is 1 - 0.05^(1/n), about 3/n (Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?",
    JAMA 1983: the rule of three).
    """
    return -math.expm1(math.log(UNSEEN) / seeds)


def clean_seeds_needed(rate: float) -> int:
    """How many clean seeds in a row leave a violation of that rate a chance below 5% to be there unseen.

    The smallest n with (1 - rate)^n <= 0.05. Raises ValueError unless 0 < rate <= 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"a rate of {rate} never shows")
    return 1 if rate == 1 else math.ceil(math.log(UNSEEN) / math.log1p(-rate))
