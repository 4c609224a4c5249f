from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.quantities import (
    LONGEST_US,
    epoch_us,
    format_cents,
    format_duration,
    parse_cents,
    parse_duration,
    parse_instant,
    parse_share,
    shown,
)


@pytest.mark.parametrize(
    ("text", "duration_us"),
    [
        ("250us", 250),
        ("1.5ms", 1_500),
        ("90s", 90_000_000),
        ("10min", 600_000_000),
        ("1h30min", 5_400_000_000),
        ("24h 40min", 88_800_000_000),
        ("2 d", 172_800_000_000),
        ("0s", 0),
        (0, 0),
    ],
)
def test_durations_are_read_to_the_microsecond(text: str, duration_us: int) -> None:
    assert parse_duration(text) == duration_us


@pytest.mark.parametrize(
    "text", ["90x", "90", "", "s", "-5s", "1e3s", "5 minutes", "10m", "٣s", 90, 1.5, True, None, []], ids=repr
)
def test_what_is_no_duration_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; write e\.g\. 90s, 10min, 24h"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0.5us", "99999999d", "9" * 5_000 + "d"])
def test_durations_too_fine_or_too_long_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is finer than|is longer than"):
        parse_duration(text)


@given(st.integers(0, LONGEST_US))
def test_a_duration_that_is_written_is_read_back(duration_us: int) -> None:
    assert parse_duration(format_duration(duration_us)) == duration_us


@pytest.mark.parametrize(("duration_us", "text"), [(0, "0s"), (5_400_000_000, "1h30min"), (1_500, "1ms500us")])
def test_durations_are_written_in_the_largest_units(duration_us: int, text: str) -> None:
    assert format_duration(duration_us) == text


@pytest.mark.parametrize(
    ("amount", "cents"), [("19.99", 1999), (19.99, 1999), (20, 2000), ("0.1", 10), (1.1, 110)], ids=repr
)
def test_money_is_read_to_the_cent(amount: object, cents: int) -> None:
    assert parse_cents(amount) == cents


@pytest.mark.parametrize("amount", ["19.999", -1, "€5", True, None, float("inf"), "nan"], ids=repr)
def test_what_is_no_money_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="is not an amount of money"):
        parse_cents(amount)


@given(st.integers(0, 10**12))
def test_money_that_is_written_is_read_back(cents: int) -> None:
    assert parse_cents(format_cents(cents)) == cents


@pytest.mark.parametrize(
    ("text", "share"), [("4%", 0.04), ("0.5%", 0.005), (0.04, 0.04), (1, 1.0), ("100%", 1.0), (0, 0.0)], ids=repr
)
def test_shares_are_read(text: object, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["4 of 10", "%", True, None, float("nan")], ids=repr)
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        parse_share(text)


@pytest.mark.parametrize("text", [4, "101%", -0.1])
def test_shares_out_of_bounds_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not between 0 and 1"):
        parse_share(text)


def test_instants_keep_their_zone_and_become_exact_microseconds() -> None:
    instant = parse_instant("2026-03-02T12:00:00.000001+01:00")
    assert instant == datetime(2026, 3, 2, 11, 0, 0, 1, tzinfo=UTC)
    assert epoch_us(instant) == 1_772_449_200_000_001


def test_long_values_are_quoted_in_short() -> None:
    assert len(shown("x\n" * 500)) == 60
    assert "\n" not in shown("x\n" * 500)
