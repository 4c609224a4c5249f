"""Tight spots whose mark depends on how close two things come: a history that goes through, and one that comes near."""

from __future__ import annotations

from bike_examples import HOUR_US, NOW_US, TERMS

from reference_services.bikeshare.riders import UnlockRequested
from reference_services.bikeshare.tight_spots import CONTENTION_US, TightSpots
from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Event, Message, Refused

ASKED = UnlockRequested("ann", "t-1", "b-1")
TURNED_AWAY = Refused("trip-under-way")


def marked(*told: tuple[Event, str, int]) -> set[str]:
    """What is marked by these events of these riders at these times."""
    checker = Checker((), TightSpots(TERMS))
    for number, (event, rider_id, at_us) in enumerate(told):
        subject = f"rider/{rider_id}"
        checker.observe(Message(f"m-{number}", "test", type(event).__name__, subject, at_us, event, 1, "c-1"))
    return {name for name, times in checker.coverage.reached.items() if times}


def test_one_rider_at_two_docks_asks_twice_within_moments() -> None:
    asked = (ASKED, "ann", NOW_US)
    assert marked(asked, (TURNED_AWAY, "ann", NOW_US + CONTENTION_US)) == {"two-docks-one-rider"}
    assert marked(asked, (TURNED_AWAY, "ann", NOW_US + CONTENTION_US + 1)) == set()


def test_who_asks_again_an_hour_into_the_ride_stands_at_one_dock() -> None:
    assert marked((ASKED, "ann", NOW_US), (TURNED_AWAY, "ann", NOW_US + HOUR_US)) == set()


def test_somebody_else_who_asks_at_that_moment_does_not_count() -> None:
    assert marked((ASKED, "bob", NOW_US), (TURNED_AWAY, "ann", NOW_US)) == set()


def test_another_refusal_does_not_count() -> None:
    assert marked((ASKED, "ann", NOW_US), (Refused("bike-not-here"), "ann", NOW_US)) == set()
