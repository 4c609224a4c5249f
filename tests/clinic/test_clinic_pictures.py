"""What reports draw of the clinic, on histories small enough to work the numbers out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from small_clinic import ANN, BOB, CAT, DESK, DR_WHO, SmallClinic, at, clinic_at

from reference_services.clinic.pictures import PICTURES
from reference_services.clinic.system import build
from reference_services.clinic.terms import HOUR_US, Terms
from reference_services.kernel.operation import Principal
from reports.gauges import CountedGauge
from reports.pictures import Chosen, read_pictures
from reports.report import charts_of
from reports.run import Run
from reports.time_axis import TimeAxis

TEN, ELEVEN = "2026-06-10T10:00", "2026-06-10T11:00"
MIDNIGHT_US = at("2026-06-10T00:00")
HOURS = TimeAxis(0.0, 3_600.0, 24)


@pytest.fixture
def clinic() -> SmallClinic:
    """Two providers and two rooms, which can be had for the 24 hours of one day."""
    return clinic_at("2026-06-08T10:00", first_day="2026-06-10", days_until="2026-06-10")


def gauge_of(run: Run, title: str) -> CountedGauge:
    return next(each for each in run.gauges if each.gauge.title == title)


def panel_titles(run: Run, slug: str) -> list[str]:
    return [panel.title for chart in charts_of([run]) if chart.slug == slug for panel in chart.panels]


def visit(clinic: SmallClinic, patient: Principal, appointment: str, starts: str) -> None:
    clinic.step("complete_intake", patient, appointment)
    clinic.until(at(starts))
    for step, who in (("record_arrival", DESK), ("check_in", DESK), ("fulfil_visit", DR_WHO)):
        clinic.step(step, who, appointment)


def waits_for_dr_who(clinic: SmallClinic, who: Principal) -> dict[str, str]:
    wish = {"provider_id": "dr-who", "service": "visit", "card_token": "card-ok"}
    return {"entry_id": clinic.ask("join_waitlist", who, body=wish).body.entry_id}


def test_use_is_booked_time_of_the_time_offered(clinic: SmallClinic, told_run: Callable[..., Run]) -> None:
    clinic.book(ANN, TEN)
    clinic.book(BOB, ELEVEN, service="checkup")
    given_back = clinic.book(CAT, "2026-06-10T12:00")
    clinic.step("cancel_appointment", CAT, given_back)

    providers, rooms = told_run("clinic", MIDNIGHT_US, clinic.told).books

    assert providers.names == ["dr-no", "dr-who"]
    assert providers.share(["dr-who"], HOURS) == pytest.approx((15 + 30) / (24 * 60))
    assert providers.share(["dr-no"], HOURS) == 0
    assert providers.share(["dr-who", "dr-no"], HOURS) == pytest.approx((15 + 30) / (2 * 24 * 60))
    by_hour = providers.shares(["dr-who"], HOURS)
    assert (by_hour[9], by_hour[10], by_hour[11], by_hour[12]) == (0, 0.25, 0.5, 0)
    assert rooms.share(["room-1", "room-2"], HOURS) == pytest.approx((15 + 30) / (2 * 24 * 60))


def test_a_closed_day_offers_nothing(clinic: SmallClinic, told_run: Callable[..., Run]) -> None:
    clinic.book(ANN, TEN)
    clinic.publish("dr-who", "2026-06-10", "2026-06-10", away=[{"first": "2026-06-10", "last": "2026-06-10"}])

    providers, _ = told_run("clinic", MIDNIGHT_US, clinic.told).books

    assert providers.offered["dr-who"] == []
    assert providers.used["dr-who"] == []
    assert providers.share(["dr-no", "dr-who"], HOURS) == 0


def test_waiting_is_from_the_request_to_the_visit_that_took_place(
    clinic: SmallClinic, told_run: Callable[..., Run]
) -> None:
    of_ann = clinic.book(ANN, TEN)
    clinic.until(clinic.now_us + 24 * HOUR_US)
    of_bob = clinic.book(BOB, ELEVEN)
    clinic.book(CAT, "2026-06-10T12:00")
    visit(clinic, ANN, of_ann, TEN)
    visit(clinic, BOB, of_bob, ELEVEN)
    clinic.until(at("2026-06-10T13:00"))

    run = told_run("clinic", MIDNIGHT_US, clinic.told)

    assert run.waits[0].seconds.tolist() == [48 * 3_600, 25 * 3_600]
    assert run.waits[0].keys.tolist() == ["clinic-1", "clinic-1"]
    assert panel_titles(run, "gauge-waiting-days-by-clinic") == ["Half within 25 h, 95% within 2 d"]
    assert panel_titles(run, "gauge-no-shows") == ["33.3% missed: 1 of 3 visits"]


def test_a_slot_is_filled_when_a_waiting_patient_has_it(clinic: SmallClinic, told_run: Callable[..., Run]) -> None:
    """Three slots are given back: nobody waits for the first, Bob gets the second, Cat does not want the third."""
    first, second = clinic.book(ANN, TEN), clinic.book(CAT, ELEVEN)
    clinic.step("cancel_appointment", ANN, first)
    bob = waits_for_dr_who(clinic, BOB)
    clinic.step("cancel_appointment", CAT, second)
    clinic.ask("accept_offer", BOB, bob, {"starts": "2026-06-10T11:00:00+02:00"})
    third = clinic.book(ANN, "2026-06-10T12:00")
    waits_for_dr_who(clinic, CAT)
    clinic.step("cancel_appointment", ANN, third)

    run = told_run("clinic", clinic.now_us, clinic.told)

    filled = gauge_of(run, "Slots filled from the waiting list")
    assert {name: moves.final for name, moves in filled.moves.items()} == {
        "filled": 1,
        "given back while somebody waited": 2,
    }
    assert panel_titles(run, "gauge-slots-filled-from-the-waiting-list") == ["50.0% filled: 1 of 2 slots"]
    assert gauge_of(run, "Waiting list").chief.final == 1


def test_pictures_name_events_and_fields_that_there_are() -> None:
    types = {name.rpartition(".")[2]: found for name, found in build(Terms()).message_classes().items()}
    pictures = read_pictures(PICTURES)
    changes = [change for gauge in pictures.gauges for series in gauge.series for change in series.changes]
    bookings = [booking for each in pictures.utilizations for booking in (*each.offered, *each.used)]
    chosen: list[Chosen] = [*changes, *bookings, *(end for wait in pictures.waits for end in (wait.begins, wait.ends))]
    for each in chosen:
        assert set(each.where) <= set(types[each.event].__struct_fields__)
        assert each.belongs_to is None or each.belongs_to.event in types
