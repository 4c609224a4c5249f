"""Random walks through the small city: riders, docks, bikes and vans do whatever they like, and every rule holds."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress

import pytest
from bike_city import ANN, BOB, HALL, OPERATOR, PARK, City
from bike_examples import DAY_US, HOUR_US, LIMIT_US, MINUTE_US, TERMS

from reference_services.bikeshare.invariants import coverage, invariants
from reference_services.kernel.edge import rfc3339
from reference_services.kernel.invariant import Checker
from reference_services.kernel.operation import Principal
from reference_services.kernel.problem import Problem
from reference_services.kernel.random_streams import stream

WALKS, STEPS = 150, 250
BIKES = ("b-1", "b-2", "b-3")
PAUSES_US = (1, MINUTE_US, 10 * MINUTE_US, HOUR_US, LIMIT_US - HOUR_US, LIMIT_US, 3 * DAY_US)
NOT_TOLD = {"charge-once", "inbox-drained"}
"""The friendly provider of these walks keeps no books of its own to compare with ours, and there are no inboxes."""


class Walk:
    """One walk under ``seed``."""

    def __init__(self, seed: int) -> None:
        self.draw: random.Random = stream(seed, "bike walk")
        self.declines: set[str] = set()
        self.city = City(declines=self.declines)
        self.trips: list[str] = []

    def step(self) -> None:
        """Something happens; being turned down is part of life."""
        moves = (self.buy, self.unlock, self.unlock, self.release, self.report, self.give_back, self.give_back)
        others = (self.wait, self.wait, self.load, self.bring, self.dispute, self.settle, self.change_cards)
        with suppress(Problem):
            self.draw.choice((*moves, *others))()

    def buy(self) -> None:
        plan = self.draw.choice(("single", "day", "monthly"))
        self.city.ask("buy_pass", self.rider(), body={"plan": plan, "card_token": "card"})

    def unlock(self) -> None:
        trip = self.city.ask("unlock_bike", self.rider(), body={"bike_id": self.bike()})
        self.trips.append(trip["trip_id"])

    def release(self) -> None:
        bike = self.bike()
        body = {"bike_id": bike, "trip_id": self.draw.choice(self.trips or ["none"])}
        dock = self.dock()
        self.city.ask("confirm_release", dock, {"station_id": dock.subject}, body)

    def report(self) -> None:
        bike = self.bike()
        body = {"trip_id": self.draw.choice(self.trips[-3:] or ["none"]), "docked": self.draw.random() < 0.5}
        self.city.ask("report_bike", Principal(bike, "bike"), {"bike_id": bike}, body)

    def give_back(self) -> None:
        docked_at = rfc3339(self.city.now_us - self.draw.choice((0, 0, *PAUSES_US, 3 * DAY_US - HOUR_US)))
        body = {
            "bike_id": self.bike(),
            "docked_at": docked_at,
            "buffered": self.draw.random() < 0.5,
            "maintenance": self.draw.random() < 0.1,
        }
        dock = self.dock()
        for _ in range(self.draw.choice((1, 1, 2))):
            self.city.ask("return_bike", dock, {"station_id": dock.subject}, body)

    def wait(self) -> None:
        self.city.wait(self.draw.choice(PAUSES_US))

    def load(self) -> None:
        self.city.ask("pick_up", OPERATOR, {"station_id": self.dock().subject}, {"bike_id": self.bike()})

    def bring(self) -> None:
        self.city.ask("drop_off", OPERATOR, {"station_id": self.dock().subject}, {"bike_id": self.bike()})

    def dispute(self) -> None:
        who = self.rider()
        charges = self.city.ask("list_charges", who)["charges"]
        if charges:
            self.city.ask("open_dispute", who, {"charge_id": self.draw.choice(charges[:3])["charge_id"]})

    def settle(self) -> None:
        for each in self.city.ask("list_charges", self.rider())["charges"]:
            if each["disputed"]:
                upheld = self.draw.random() < 0.5
                self.city.ask("settle_dispute", OPERATOR, {"charge_id": each["charge_id"]}, {"upheld": upheld})

    def change_cards(self) -> None:
        self.declines.symmetric_difference_update({"card"})

    def rider(self) -> Principal:
        return self.draw.choice((ANN, BOB))

    def bike(self) -> str:
        return self.draw.choice(BIKES)

    def dock(self) -> Principal:
        return self.draw.choice((PARK, HALL))


@pytest.fixture(scope="module")
def walks() -> list[tuple[int, Checker, list[str]]]:
    """Every walk with its checker and what that has found in the end."""
    return [_walked(seed) for seed in range(WALKS)]


def _walked(seed: int) -> tuple[int, Checker, list[str]]:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    walk.city.wait(10 * DAY_US)
    checker = Checker((each for each in invariants(TERMS) if each.name not in NOT_TOLD), coverage(TERMS))
    for message in walk.city.history:
        checker.observe(message)
    findings = checker.finish(walk.city.now_us)
    broken = [f"{each.name}: {each.error or each.samples[0].message}" for each in findings if each.status != "held"]
    return seed, checker, broken


def test_every_rule_holds_on_every_walk(walks: list[tuple[int, Checker, list[str]]]) -> None:
    assert {seed: broken for seed, _, broken in walks if broken} == {}


def test_the_walks_go_through_tight_spots(walks: list[tuple[int, Checker, list[str]]]) -> None:
    reached = sum((checker.coverage.reached for _, checker, _ in walks), Counter())
    spots = {"two-docks-one-rider", "return-before-start", "return-told-twice", "station-full", "fee-reversed"}
    assert spots <= set(reached)
