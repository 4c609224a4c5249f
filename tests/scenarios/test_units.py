from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from scenarios.problems import BadValues
from scenarios.units import convert_with_units


class Latency(msgspec.Struct, frozen=True):
    median_us: int
    p99_us: Annotated[int, msgspec.Meta(ge=1_000, le=60_000_000)] = 1_000_000


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    latency: Latency = Latency(1_000)
    fee_cents: Annotated[int, msgspec.Meta(le=5_000)] = 0
    declines: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    retries: int = 3
    mode: Literal["calm", "moody"] = "calm"
    pauses_us: list[int] = []
    by_card: dict[str, Latency] = {}
    outage_us: int | None = None
    routes: tuple[Latency, ...] = ()

    def __post_init__(self) -> None:
        if self.mode == "moody" and not self.declines:
            raise ValueError("a moody provider must decline something")


def test_values_take_the_unit_of_their_field() -> None:
    assert convert_with_units(
        {
            "latency": {"median": "80ms", "p99": "1.5s"},
            "fee": "0.35",
            "declines": "4%",
            "retries": 5,
            "pauses": ["1s", "2s"],
            "by_card": {"visa": {"median": "10ms"}},
            "outage": "2min",
            "routes": [{"median": "1ms"}],
        },
        Manners,
    ) == Manners(
        latency=Latency(80_000, 1_500_000),
        fee_cents=35,
        declines=0.04,
        retries=5,
        pauses_us=[1_000_000, 2_000_000],
        by_card={"visa": Latency(10_000)},
        outage_us=120_000_000,
        routes=(Latency(1_000),),
    )


def test_what_is_not_written_keeps_its_default() -> None:
    assert convert_with_units({"outage": None}, Manners) == Manners()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"latncy": {}}, "provider.latncy: unknown key 'latncy'; did you mean 'latency'?"),
        ({"latency_us": 5}, "provider.latency_us: unknown key 'latency_us'; did you mean 'latency'?"),
        ({"latency": {"p98": "1s"}}, "provider.latency.p98: unknown key 'p98'; did you mean 'p99'?"),
        ({"latency": {}}, "provider.latency: 'median' is missing; add it"),
        ({"latency": "80ms"}, "provider.latency: '80ms' is not a mapping; write `key: value` lines under it"),
        (
            {"latency": {"median": "80x"}},
            "provider.latency.median: '80x' is not a duration; write e.g. 90s, 10min, 24h",
        ),
        ({"latency": {"median": "1ms", "p99": "1us"}}, "provider.latency.p99: '1us' must be at least 1ms"),
        ({"fee": "much"}, "provider.fee: 'much' is not an amount of money; write e.g. 19.99"),
        ({"fee": 51}, "provider.fee: 51 must be at most 50.00"),
        ({"declines": "half"}, "provider.declines: 'half' is not a share; write e.g. 4% or 0.04"),
        ({"declines": 2}, "provider.declines: 2 must be at most 1.0"),
        ({"retries": "3"}, "provider.retries: '3' is not a whole number"),
        ({"mode": "wild"}, "provider.mode: Invalid enum value 'wild'"),
        ({"mode": "moody"}, "provider: a moody provider must decline something"),
        ({"pauses": ["1s", "2"]}, "provider.pauses[1]: '2' is not a duration; write e.g. 90s, 10min, 24h"),
        ({"pauses": "1s"}, "provider.pauses: '1s' is not a list"),
        ({"by_card": {"visa": {}}}, "provider.by_card: 'median' is missing; add it"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(mapping: dict[str, Any], said: str) -> None:
    with pytest.raises(BadValues) as caught:
        convert_with_units(mapping, Manners, ("provider",))
    assert str(caught.value) == said


def test_all_unknown_keys_are_told_at_once() -> None:
    with pytest.raises(BadValues) as caught:
        convert_with_units({"latncy": 1, "retry": 2}, Manners)
    assert [problem.place for problem in caught.value.problems] == [("latncy",), ("retry",)]
