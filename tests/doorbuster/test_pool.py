"""Work spread over processes: in order, on time, and nothing left behind."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Iterator
from itertools import count
from operator import itemgetter

import pytest

from doorbuster.errors import NothingProved
from doorbuster.pool import spread


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No process outlives its work."""
    yield
    assert multiprocessing.active_children() == []


def test_results_come_in_the_order_of_the_work() -> None:
    assert list(spread(math.sqrt, [number * number for number in range(50)], jobs=2)) == list(range(50))


def test_no_work_is_no_result() -> None:
    assert list(spread(abs, [], jobs=2)) == []


def test_work_without_an_end_is_handed_out_as_it_is_done_and_can_be_left() -> None:
    results = spread(abs, count(), jobs=1)

    assert [next(results) for _ in range(20)] == list(range(20))
    results.close()


def test_what_is_not_done_in_time_is_given_up() -> None:
    assert list(spread(time.sleep, [3600.0], jobs=1, until_s=time.monotonic() + 0.2)) == []


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(KeyError, match="gone"):
        list(spread(itemgetter("gone"), [{}], jobs=1))


def test_a_process_that_dies_proves_nothing() -> None:
    with pytest.raises(NothingProved, match="a simulating process died"):
        list(spread(os._exit, [1], jobs=1))
