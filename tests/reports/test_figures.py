"""What the figures of a report are counted from: gauges, hops, percentiles, time axes, comparisons, wording."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from reports import wording
from reports.gauges import count, headline
from reports.happenings import Happenings
from reports.hops import hops_in
from reports.percentiles import grouped_percentiles, percentiles
from reports.pictures import BadPictures, Booking, Change, Chosen, Owner, Utilization, Wait, read_pictures
from reports.run import causes, short_names
from reports.side_by_side import Row, summary
from reports.time_axis import BUCKETS_AT_MOST, TimeAxis
from reports.utilization import keep_books
from reports.waits import waits_of

MILLISECOND_US = 1_000


def events(*rows: tuple[float, str, dict[str, Any]]) -> DataFrame:
    return DataFrame(
        {
            "seconds": [seconds for seconds, _, _ in rows],
            "type": [f"library.shelf.{name}" for _, name, _ in rows],
            "data": [json.dumps(data) for _, _, data in rows],
        }
    )


def pictures(**changes: Any) -> dict[str, Any]:
    free = [
        {"event": "BooksArrived", "amount": "+books"},
        {"event": "BookLent", "amount": "-1"},
        {"event": "BookBack", "amount": "+1", "where": {"damaged": False}},
    ]
    gauge = {"title": "Shelf", "unit": "books", "series": [{"name": "free", "changes": free}], "runs_out": "free"}
    return {"gauges": [{**gauge, "per": "title", **changes}], "headline": "$free books on the shelf"}


HISTORY = events(
    (-5.0, "BooksArrived", {"title": "Emma", "books": 2}),
    (1.0, "BookLent", {"title": "Emma"}),
    (2.5, "BookLent", {"title": "Emma"}),
    (4.0, "BookBack", {"title": "Emma", "damaged": True}),
    (6.0, "BookBack", {"title": "Emma", "damaged": False}),
    (7.0, "BooksArrived", {"title": "Persuasion", "books": 3}),
)


def test_a_gauge_follows_its_events() -> None:
    (shelf,) = count(read_pictures(pictures()), Happenings(HISTORY))
    axis = TimeAxis(-6.0, 2.0, 7)
    assert shelf.chief.levels(axis).tolist() == [2, 2, 2, 1, 0, 0, 4]
    assert shelf.chief.of("Emma").final == 1
    assert shelf.ran_out_s == 2.5
    assert shelf.chief.busiest_keys() == ["Emma", "Persuasion"]


def test_what_never_held_anything_never_ran_out() -> None:
    (shelf,) = count(read_pictures(pictures()), Happenings(events((1.0, "BookLent", {"title": "Emma"}))))
    assert shelf.ran_out_s is None


def test_a_gauge_without_an_end_to_watch_never_runs_out() -> None:
    (shelf,) = count(read_pictures(pictures(runs_out="")), Happenings(HISTORY))
    assert shelf.ran_out_s is None


def test_the_headline_tells_final_levels() -> None:
    wanted = read_pictures(pictures())
    assert headline(wanted, count(wanted, Happenings(HISTORY))) == "4 books on the shelf"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs_out": "gone"}, "none of the series"),
        ({"share_of": "gone"}, "none of the series"),
        ({"series": []}, "length"),
        ({"colour": "red"}, "colour"),
        ({"series": [{"name": "free", "changes": [{"event": "BookLent", "amount": "books"}]}]}, "amount"),
    ],
)
def test_pictures_are_checked(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadPictures, match=message):
        read_pictures(pictures(**changes))


def test_an_event_without_the_amount_is_told() -> None:
    with pytest.raises(BadPictures, match="BooksArrived has no number in its field 'books'"):
        count(read_pictures(pictures()), Happenings(events((1.0, "BooksArrived", {"title": "Emma"}))))


def test_a_peak_is_the_highest_level_of_a_stretch_and_of_all() -> None:
    (shelf,) = count(read_pictures(pictures()), Happenings(HISTORY))
    assert shelf.chief.peaks(TimeAxis(-6.0, 4.0, 4)).tolist() == [2, 2, 1, 4]
    assert shelf.chief.peak == 4


def test_events_are_chosen_by_fields_within_fields_and_by_what_they_belong_to() -> None:
    history = Happenings(
        events(
            (1.0, "BookLent", {"card": {"kind": "child"}, "loan": 1}),
            (2.0, "BookLent", {"card": {"kind": "adult"}, "loan": 2}),
            (3.0, "FinePaid", {"for": 1, "cents": 50}),
            (4.0, "FinePaid", {"for": 2, "cents": 80}),
        )
    )
    child = {"card.kind": "child"}
    assert [each.seconds for each in history.of(Chosen(event="BookLent", where=child))] == [1.0]
    paid = Change(
        event="FinePaid", amount="+cents", belongs_to=Owner(event="BookLent", same={"for": "loan"}, where=child)
    )
    assert [each.fields["cents"] for each in history.of(paid)] == [50]


ROOM = Utilization(
    title="Reading room",
    per="desk",
    offered=(Booking(event="DeskOpened", key=("desk", "day"), spans="open"),),
    used=(Booking(event="DeskTaken", key=("loan",), spans="time"), Booking(event="DeskLeft", key=("loan",))),
)


def hours(first: float, last: float) -> dict[str, int]:
    return {"starts_us": round(first * 3.6e9), "ends_us": round(last * 3.6e9)}


def test_books_hold_what_was_kept_last_under_each_key() -> None:
    """Desk a is open from 1 to 5 after all and taken from 2 to 3; desk b is open for an hour and never taken."""
    history = events(
        (0.0, "DeskOpened", {"desk": "a", "day": "mo", "open": [hours(0, 9)]}),
        (1.0, "DeskOpened", {"desk": "a", "day": "mo", "open": [hours(1, 2), hours(2, 5)]}),
        (1.0, "DeskOpened", {"desk": "b", "day": "mo", "open": [hours(0, 1)]}),
        (2.0, "DeskTaken", {"desk": "a", "loan": 1, "time": hours(2, 3)}),
        (3.0, "DeskTaken", {"desk": "a", "loan": 2, "time": hours(3, 4)}),
        (4.0, "DeskLeft", {"desk": "a", "loan": 2}),
    )
    books = keep_books(ROOM, Happenings(history), origin_us=0)
    axis = TimeAxis(0.0, 3_600.0, 6)
    assert (books.share(["a"], axis), books.share(["b"], axis), books.share(["a", "b"], axis)) == (0.25, 0.0, 0.2)
    assert books.share(["a"], TimeAxis(0.0, 3_600.0, 3)) == 0.5, "of the two hours offered until then"
    told = books.shares(["a"], axis).tolist()
    assert told[1:5] == [0, 1, 0, 0]
    assert [math.isnan(share) for share in told] == [True, False, False, False, False, True]
    assert math.isnan(books.share(["nobody"], axis))


def test_what_is_no_span_of_time_is_told() -> None:
    with pytest.raises(BadPictures, match="DeskOpened has no spans of time in its field 'open'"):
        keep_books(ROOM, Happenings(events((0.0, "DeskOpened", {"desk": "a", "day": "mo", "open": 9}))), origin_us=0)


def test_a_wait_lasts_from_the_first_to_the_first_that_ends_it() -> None:
    wait = Wait(
        title="Waiting",
        unit="readers",
        between="from asking to reading",
        begins=Chosen(event="BookAsked"),
        ends=Chosen(event="BookLent"),
        same="reader",
        per="branch",
    )
    history = events(
        (1.0, "BookAsked", {"reader": "ann", "branch": "north"}),
        (2.0, "BookAsked", {"reader": "bob", "branch": "south"}),
        (4.0, "BookLent", {"reader": "bob"}),
        (6.0, "BookLent", {"reader": "ann"}),
        (9.0, "BookLent", {"reader": "ann"}),
        (9.0, "BookAsked", {"reader": "cat", "branch": "south"}),
    )
    waited = waits_of(wait, Happenings(history))
    assert waited.seconds.tolist() == [5, 2]
    assert waited.of("south").tolist() == [2]


def test_names_sort_as_one_counts() -> None:
    assert sorted(["room-10", "room-2", "dr-1"], key=wording.natural_order) == ["dr-1", "room-2", "room-10"]


def test_only_policies_and_effects_name_a_cause() -> None:
    ids = DataFrame({"id": ["order/o-1/1/0:reserve:0", "c-123", "a1b2c3", "payment/p/1/0:charge:captured"]})["id"]
    assert causes(ids).tolist() == ["order/o-1/1/0", "", "", "payment/p/1/0"]


def test_types_that_end_alike_keep_their_service() -> None:
    names = short_names(["wineshop.order.created", "wineshop.payment.created", "wineshop.order.failed"], "wineshop")
    assert list(names.values()) == ["order.created", "payment.created", "failed"]


def test_hops_are_measured_between_cause_and_effect() -> None:
    passages = [("a", 0, 5 * MILLISECOND_US), ("b", 100, 9 * MILLISECOND_US), ("c", 200, MILLISECOND_US)]
    rows = []
    for name, start_us, taken_us in passages:
        rows.append((name, start_us, "OrderPlaced", ""))
        rows.append((f"{name}/then", start_us + taken_us, "StockReserved", name))
    rows.append(("late", 500, "StockReserved", "never seen"))
    history = DataFrame(rows, columns=["id", "time_us", "name", "cause"])
    (hop,) = hops_in(history)
    assert (hop.label, hop.count) == ("OrderPlaced → StockReserved", 3)
    assert (hop.median_us, hop.p99_us) == (5 * MILLISECOND_US, 9 * MILLISECOND_US)


def test_an_event_recorded_twice_is_one_passage() -> None:
    rows = [("a", 0, "OrderPlaced", ""), ("b", 7, "StockReserved", "a"), ("b", 7, "StockReserved", "a")]
    (hop,) = hops_in(DataFrame(rows, columns=["id", "time_us", "name", "cause"]))
    assert hop.count == 1


def test_percentiles_are_values_that_were_observed() -> None:
    assert percentiles(numpy.arange(1, 101), [50, 95, 99]) == [50, 95, 99]
    assert percentiles(numpy.array([7]), [50, 99]) == [7, 7]


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 1_000)), min_size=1))
def test_grouped_percentiles_are_those_of_each_group(pairs: list[tuple[int, int]]) -> None:
    groups, values = (numpy.array(column) for column in zip(*pairs, strict=True))
    median, p99 = grouped_percentiles(values, groups, 4, [50, 99])
    for group in range(4):
        own = values[groups == group]
        if own.size:
            assert [median[group], p99[group]] == percentiles(own, [50, 99])
        else:
            assert math.isnan(median[group])


@given(st.integers(-(10**11), 10**11), st.integers(0, 10**13))
def test_an_axis_holds_its_ends_in_few_buckets(start_us: int, length_us: int) -> None:
    start_s, end_s = start_us / 1e6, (start_us + length_us) / 1e6
    axis = TimeAxis.spanning(start_s, end_s)
    assert 1 <= axis.buckets <= BUCKETS_AT_MOST
    assert axis.bucket_of(numpy.array([start_s, end_s])).tolist() == [0, axis.buckets - 1]


def test_rates_are_a_second() -> None:
    axis = TimeAxis(0.0, 5.0, 2)
    assert axis.rates(numpy.array([0.0, 1.0, 4.9, 5.0, 10.0, -0.1])).tolist() == [0.6, 0.2]


@pytest.mark.parametrize(
    ("kind", "simulated", "live", "agrees"),
    [
        ("count", 1_000, 1_049, True),
        ("count", 1_000, 1_060, False),
        ("count", 0, 1, False),
        ("share", 0.02, 0.029, True),
        ("share", 0.02, 0.031, False),
        ("time", 100_000, 149_000, True),
        ("time", 149_000, 100_000, True),
        ("time", 100_000, 151_000, False),
        ("time", 1_000, 5_900, True),
        ("time", None, None, True),
        ("time", None, 4_000_000, False),
        ("exact", 0, 0, True),
        ("exact", 0, 1, False),
    ],
)
def test_worlds_agree_within_stated_bounds(
    kind: Any, simulated: float | None, live: float | None, agrees: bool
) -> None:
    assert Row("Figure", kind, simulated, live).agrees is agrees


def test_the_summary_names_what_is_apart() -> None:
    rows = [Row("Customers", "count", 10, 10), Row("Sold out after", "time", 2e6, 60e6)]
    assert summary(rows) == (
        "Simulation and reality agree on 1 of 2 figures. They are apart on sold out after (2 s simulated, 1 min live)."
    )
    assert summary(rows[:1]) == "Simulation and reality agree on 1 figure."


@pytest.mark.parametrize(
    ("duration_us", "told"),
    [
        (0, "0 s"),
        (400, "0.4 ms"),
        (9_949, "9.9 ms"),
        (9_960, "10 ms"),
        (312_400, "312 ms"),
        (999_600, "1.00 s"),
        (1_254_000, "1.25 s"),
        (3_000_000, "3 s"),
        (12_340_000, "12.3 s"),
        (59_996_000, "1 min"),
        (252_000_000, "4 min 12 s"),
        (3_600_000_000, "1 h"),
        (7_500_000_000, "2 h 05 min"),
        (47 * 3_600_000_000, "47 h"),
        (48 * 3_600_000_000, "2 d"),
        (100 * 3_600_000_000, "4 d 04 h"),
        (-1_500_000, "−1.50 s"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_durations_are_told_in_the_unit_that_fits(duration_us: float | None, told: str) -> None:
    assert wording.duration(duration_us) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0%"), (1.0, "100%"), (0.0004, "0.04%"), (0.9996, "99.96%"), (0.4217, "42.2%"), (math.nan, "–")],
)
def test_shares_get_digits_where_they_matter(share: float, told: str) -> None:
    assert wording.percent(share) == told


def test_what_cannot_be_shown_is_replaced() -> None:
    assert wording.printable("mug\x00\x1b") == "mug\ufffd\ufffd"
