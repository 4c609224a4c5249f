"""How instants and money look at the HTTP edge."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.edge import NAME_PATTERN, cents_of, decimal_of, instant_us, rfc3339, whole

LATEST_US = 253_402_300_799_999_999


@given(st.integers(0, LATEST_US))
def test_an_instant_comes_back_as_it_was(time_us: int) -> None:
    assert instant_us(rfc3339(time_us)) == time_us


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_788_256_800_000_001, "2026-09-01T10:00:00.000001Z"),
        (LATEST_US, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_instants_are_told_in_utc_to_the_microsecond(time_us: int, text: str) -> None:
    assert rfc3339(time_us) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-01T10:00:00Z",
        "2026-09-01T10:00:00.000Z",
        "2026-09-01T12:00:00+02:00",
        "2026-09-01T04:30:00-05:30",
        "2026-09-01 10:00:00+00:00",
    ],
)
def test_every_offset_is_understood(text: str) -> None:
    assert instant_us(text) == 1_788_256_800_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-09-01",
        "2026-09-01T10:00:00",
        "2026-13-01T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-09-01T25:00:00Z",
        "2026-09-01T10:00:00 PM",
        "2026-09-01T10:00:00Z\x00",
        "2026-09-01T10:00:00Z\n",
        "2026-09-01T10:00:60Z",
        "2026-09-01T10:00:00+24:00",
        "2026-W36-2T10:00:00Z",
        "20260901T100000+0000",
        "\uff12026-09-01T10:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        "1788256800",
    ],
)
def test_what_is_no_instant_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant_us(text)


@given(st.text(max_size=40))
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert rfc3339(instant_us(text))


@given(st.integers(0, 99_999_999_999))
def test_an_amount_comes_back_as_it_was(amount_cents: int) -> None:
    assert cents_of(decimal_of(amount_cents)) == amount_cents


@pytest.mark.parametrize(("amount_cents", "text"), [(0, "0.00"), (5, "0.05"), (1_999, "19.99"), (100_000, "1000.00")])
def test_amounts_have_two_decimals(amount_cents: int, text: str) -> None:
    assert decimal_of(amount_cents) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "1.000",
        ".50",
        "-1.00",
        "+1.00",
        "1,00",
        "1e2",
        " 1.00",
        "1.00\n",
        "1234567890.00",
        "\u0661.\u0660\u0660",
    ],
)
def test_what_is_no_amount_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        cents_of(text)


@pytest.mark.parametrize("name", ["b-1", "a", "x" * 128, "~a.b:c@d"])
def test_a_name_can_stand_in_a_path(name: str) -> None:
    assert re.search(whole(NAME_PATTERN), name)


@pytest.mark.parametrize(
    "name", ["", "b-1\n", "\nb-1", "a/b", ".hidden", "a b", "x" * 129, "\x00", "\u2603", "b-\u0661"]
)
def test_what_cannot_stand_in_a_path_is_no_name(name: str) -> None:
    assert not re.search(whole(NAME_PATTERN), name)
