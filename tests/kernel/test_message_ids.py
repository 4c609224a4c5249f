"""Ids, partitions and trace contexts are derived: the same for everybody, everywhere, for ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.message import child_traceparent, derived_id, event_id, partition_of

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_an_event_is_named_by_its_aggregate_its_version_and_its_place() -> None:
    assert event_id("order/o-1", 3, 0) == "order/o-1/3/0"


def test_a_derived_id_never_changes() -> None:
    """Stored histories and idempotency keys rest on it."""
    assert derived_id("o", "c-1") == "35dac47103ea7a96"
    assert derived_id() == "e3b0c44298fc1c14"


@given(
    st.lists(st.text(alphabet="ab/"), min_size=1, max_size=3), st.lists(st.text(alphabet="ab/"), min_size=1, max_size=3)
)
def test_only_equal_parts_give_equal_ids(parts: list[str], others: list[str]) -> None:
    assert (derived_id(*parts) == derived_id(*others)) == (parts == others)


@pytest.mark.parametrize(
    ("subject", "partitions", "partition"),
    [("123456789", 1, 0), ("123456789", 7, 0xCBF43926 % 7), ("123456789", 2**32, 0xCBF43926), ("", 4, 0)],
)
def test_a_partition_is_the_crc_32_of_the_subject(subject: str, partitions: int, partition: int) -> None:
    """0xCBF43926 is the check value of CRC-32 in every catalogue of CRC algorithms."""
    assert partition_of(subject, partitions) == partition


@given(st.text(), st.integers(min_value=1, max_value=1_000))
def test_every_subject_has_a_partition(subject: str, partitions: int) -> None:
    assert 0 <= partition_of(subject, partitions) < partitions


def test_many_subjects_spread_over_all_partitions() -> None:
    shares = [0] * 4
    for number in range(4_000):
        shares[partition_of(f"order/o-{number}", 4)] += 1

    assert min(shares) > 800


def test_a_child_keeps_the_trace_and_has_a_span_of_its_own() -> None:
    version, trace_id, span_id, flags = child_traceparent(PARENT, "event-1").split("-")

    assert (version, trace_id, flags) == ("00", "0af7651916cd43dd8448eb211c80319c", "01")
    assert re.fullmatch("[0-9a-f]{16}", span_id)
    assert span_id != PARENT.split("-")[2]


def test_children_differ_and_repeat() -> None:
    assert child_traceparent(PARENT, "event-1") == child_traceparent(PARENT, "event-1")
    assert child_traceparent(PARENT, "event-1") != child_traceparent(PARENT, "event-2")


def test_nobody_traces_what_nobody_traced() -> None:
    assert child_traceparent("", "event-1") == ""
