"""Journeys through a day of bikes: buy a pass, take a bike, ride, return it, or not; and the van that evens things out.

A rider's journey also speaks for the dock and the bike, each with its own token: what they tell, how late and how often
is drawn here. Everything is drawn from streams of a rider's own, so one more rider changes nobody else's day.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Annotated, Any

import msgspec

from reference_services.kernel.edge import instant_us, rfc3339
from reference_services.kernel.operation import Principal
from reference_services.kernel.random_streams import stream

from ..arrivals import arrivals_of
from ..model import Scenario
from ..steps import Do, Got, Journey, Think, ThinkUntil, Visit
from .bikeshare_city import a_place, around, bike_name, position, station_name
from .shared import PATIENCE_S, PUBLIC, Duration, JourneyMix, Share, human_us, must, succeeded, told

OPERATOR = Principal("operator", "operator")

STATIONS_TRIED = 8
"""How many stations a rider walks to for a bike, or rides to for a dock, before giving up."""

Steps = Generator[Any, Got | None, Got | None]


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who rides, what the city has, and how people and devices behave."""

    customers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    stations: Annotated[int, msgspec.Meta(ge=2, le=1_000)] = 60
    bikes: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 700
    docks_per_station: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20
    centre_share: Share = 0.25
    flow_share: Share = 0.5
    flow_turns_us: Duration
    monthly_share: Share = 0.8
    day_share: Share = 0.1
    ride_median_us: Duration
    walk_us: Duration
    two_docks_share: Share = 0.01
    companion_share: Share = 0.01
    lost_ack_share: Share = 0.01
    stuck_lock_share: Share = 0.005
    start_unknown_share: Share = 0.005
    lock_patience_us: Duration
    offline_share: Share = 0.02
    offline_up_to_us: Duration
    told_twice_share: Share = 0.2
    maintenance_share: Share = 0.01
    never_returned_share: Share = 0.001
    day_late_share: Share = 0.002
    last_minute_us: Duration
    told_late_up_to_us: Duration
    dispute_share: Share = 0.01
    upheld_share: Share = 0.5
    vans: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    van_rounds: Annotated[int, msgspec.Meta(ge=0)] = 60
    van_every_us: Duration
    van_capacity: Annotated[int, msgspec.Meta(ge=1)] = 15


def setup(scenario: Scenario, seed: int) -> Journey:
    """The operator opens the stations with bikes in their docks. Raises `SetupFailed` if not."""
    population = population_of(scenario)
    for index in range(population.stations):
        latitude, longitude = position(index, population.stations)
        bikes = [bike_name(number) for number in range(index, population.bikes, population.stations)]
        body = {
            "name": f"Station {index + 1}",
            "latitude": latitude,
            "longitude": longitude,
            "docks": population.docks_per_station,
            "bikes": bikes,
        }
        station = station_name(index)
        yield from must(Do("open_station", OPERATOR, {"station_id": station}, body, idempotency_key=f"open-{station}"))


def visits(scenario: Scenario, seed: int) -> list[Visit]:
    """Every ride that somebody wants, in order of time, and the rounds of the vans.

    Some riders come together: the companion arrives with the one before, and wants the same.
    """
    population = population_of(scenario)
    mix = JourneyMix(scenario, JOURNEYS)
    found = [_van_visit(number, population, seed) for number in range(population.vans)]
    leader: tuple[int, Wish] | None = None
    for arrival_us, index in arrivals_of(scenario, seed):
        draw = stream(seed, "ride", index)
        name = mix.draw(draw)
        wish = _wish(index, arrival_us, population, seed)
        arrives_us = arrival_us
        if leader is not None and draw.random() < population.companion_share:
            arrives_us, theirs = leader
            wish = msgspec.structs.replace(theirs, rider=wish.rider, ride=wish.ride, plan=wish.plan)
        leader = (arrives_us, wish)
        found.append(_visit(arrives_us, wish, name, population, seed))
        if draw.random() < population.two_docks_share:
            again = msgspec.structs.replace(wish, device="watch")
            found.append(_visit(arrives_us + draw.randrange(1_000_000), again, name, population, seed))
    found.sort(key=lambda visit: visit.arrives_us)
    return found


def population_of(scenario: Scenario) -> Population:
    """The scenario's population, typed. Raises `ScenarioError`, which names the line."""
    return scenario.convert(("population",), Population)


class Wish(msgspec.Struct, frozen=True):
    """One ride that somebody wants: who, its number, from where to where, and on which device it is asked for.

    ``taste``, between 0 and 1, tells which of the bikes at a dock looks best; friends agree on that.
    """

    rider: str
    ride: int
    origin: int
    destination: int
    plan: str
    taste: float
    device: str = "phone"

    @property
    def key(self) -> str:
        """What makes the requests of this ride different from all others."""
        return f"{self.rider}/{self.ride}/{self.device}"


def rider(wish: Wish, population: Population, seed: int) -> Journey:
    """Wants to get from one place to another: pass, bike, ride, return."""
    draw = stream(seed, "rider", wish.key)
    me = Principal(wish.rider, "rider")
    passed = yield from _have_pass(me, wish, draw)
    if not succeeded(passed):
        return
    trip = yield from _take_bike(me, wish, population, draw)
    if trip is None or draw.random() < population.never_returned_share:
        return
    if draw.random() < population.day_late_share:
        yield from _return_a_day_late(me, trip, wish, population, draw)
    else:
        yield Think(_ride_us(population, draw))
        yield from _return(me, trip, wish, population, draw)
    if draw.random() < population.dispute_share:
        yield from _dispute(me, wish, population, draw)


def van(number: int, population: Population, seed: int) -> Journey:
    """Drives from full stations to empty ones."""
    draw = stream(seed, "van", number)
    loaded: list[str] = []
    for turn in range(population.van_rounds):
        yield Think(draw.randrange(population.van_every_us) if not turn else population.van_every_us)
        got = yield Do("gbfs_station_status", PUBLIC)
        if not succeeded(got) or not got.body["data"]["stations"]:
            continue
        stations = sorted(got.body["data"]["stations"], key=_fill)
        if not number:
            yield from _look_after(f"van-{number}/{turn}", loaded, population)
        yield from _load(f"van-{number}/{turn}", stations[-1 - draw.randrange(2)], loaded, population)
        yield Think(population.walk_us)
        yield from _unload(f"van-{number}/{turn}", stations[draw.randrange(2)], loaded, population)


def express_rider(wish: Wish, population: Population, seed: int) -> Journey:
    """Rides a bike that nobody else wants, around the block and back to its own dock; has a pass, or buys one."""
    draw = stream(seed, "express-rider", wish.key)
    me = Principal(wish.rider, "rider")
    own = int(wish.rider.removeprefix("rider-"))
    bike, dock = bike_name(own), Principal(station_name(own % population.stations), "dock")
    got = None
    for attempt in ("at-once", "with-a-pass"):
        key = f"{wish.key}/unlock/{attempt}"
        got = yield Do("unlock_bike", me, body={"bike_id": bike}, wait_s=PATIENCE_S, idempotency_key=key)
        if got is None or got.reason != "no-valid-pass":
            break
        yield from _buy_pass(me, wish, "first")
    if not told(got, "trip_id"):
        return
    path, body = {"station_id": dock.subject}, {"bike_id": bike, "trip_id": got.body["trip_id"]}
    yield Do("confirm_release", dock, path, body, idempotency_key=f"{wish.key}/release")
    yield Think(_ride_us(population, draw))
    yield Do("return_bike", dock, path, {"bike_id": bike}, idempotency_key=f"{wish.key}/return")


JOURNEYS = {"rider": rider, "express_rider": express_rider}


def _have_pass(me: Principal, wish: Wish, draw: random.Random) -> Steps:
    """Look for a pass that works, or buy one; if the card is declined, with another card."""
    listed = yield Do("list_passes", me)
    if not succeeded(listed):
        return None
    if any(each["status"] in ("active", "renewing") and each["plan"] != "single" for each in listed.body["passes"]):
        return listed
    return (yield from _buy_pass(me, wish, "first"))


def _buy_pass(me: Principal, wish: Wish, occasion: str) -> Steps:
    got = None
    for card in (f"card-{me.subject}", f"other-card-{me.subject}", f"third-card-{me.subject}"):
        body = {"plan": wish.plan, "card_token": card}
        key = f"{wish.key}/{occasion}/{card}"
        got = yield Do("buy_pass", me, body=body, wait_s=PATIENCE_S, idempotency_key=key)
        if got is None or got.reason != "payment-declined":
            return got
    return got


def _take_bike(
    me: Principal, wish: Wish, population: Population, draw: random.Random
) -> Generator[Any, Got | None, dict[str, Any] | None]:
    """Walk from station to station until a bike can be had and leaves its dock; None if none does."""
    bought_again = False
    for walked, index in enumerate(around(wish.origin, population.stations)[:STATIONS_TRIED]):
        seen = yield Do("view_station", PUBLIC, {"station_id": station_name(index)})
        if not succeeded(seen) or not seen.body["bikes"]:
            yield Think(population.walk_us)
            continue
        body = {"bike_id": seen.body["bikes"][int(wish.taste * min(3, len(seen.body["bikes"])))]}
        got = yield Do("unlock_bike", me, body=body, wait_s=PATIENCE_S, idempotency_key=f"{wish.key}/unlock/{walked}")
        if told(got, "trip_id"):
            if (yield from _leave_dock(me, got.body, station_name(index), wish, population, draw)):
                return dict(got.body)
        elif got is not None and got.reason == "no-valid-pass" and not bought_again:
            bought_again = True
            yield from _buy_pass(me, wish, "again")
        elif got is None or got.reason not in ("bike-taken", "bike-flagged", "no-valid-pass"):
            return None
    return None


def _leave_dock(
    me: Principal, trip: dict[str, Any], station: str, wish: Wish, population: Population, draw: random.Random
) -> Generator[Any, Got | None, bool]:
    """The dock opens, says so or not; whether the rider has the bike now."""
    fate = draw.random()
    bike = Principal(trip["bike_id"], "bike")
    path, key = {"bike_id": trip["bike_id"]}, f"{wish.key}/{trip['trip_id']}"
    report = {"trip_id": trip["trip_id"]}
    if fate < population.stuck_lock_share:
        yield Think(population.lock_patience_us)
        yield Do("report_bike", bike, path, report | {"docked": True}, idempotency_key=f"{key}/stuck")
        return False
    fate -= population.stuck_lock_share
    if fate < population.start_unknown_share:
        return True
    if fate < population.start_unknown_share + population.lost_ack_share:
        yield Think(population.lock_patience_us)
        yield Do("report_bike", bike, path, report | {"docked": False}, idempotency_key=f"{key}/left")
        return True
    body = {"bike_id": trip["bike_id"], "trip_id": trip["trip_id"]}
    dock = Principal(station, "dock")
    yield Do("confirm_release", dock, {"station_id": station}, body, idempotency_key=f"{key}/release")
    return True


def _return(me: Principal, trip: dict[str, Any], wish: Wish, population: Population, draw: random.Random) -> Steps:
    """Ride from station to station until one has a free dock."""
    got = None
    for tried, index in enumerate(around(wish.destination, population.stations)[:STATIONS_TRIED]):
        body: dict[str, Any] = {"bike_id": trip["bike_id"]}
        if draw.random() < population.maintenance_share:
            body["maintenance"] = True
        if draw.random() < population.offline_share:
            return (yield from _return_offline(me, trip, station_name(index), body, wish, population, draw))
        key = f"{wish.key}/{trip['trip_id']}/return/{tried}"
        got = yield Do(
            "return_bike",
            Principal(station_name(index), "dock"),
            {"station_id": station_name(index)},
            body,
            idempotency_key=key,
        )
        if got is None or got.reason != "station-full":
            return got
        yield Think(population.walk_us)
    return got


def _return_offline(
    me: Principal,
    trip: dict[str, Any],
    station: str,
    body: dict[str, Any],
    wish: Wish,
    population: Population,
    draw: random.Random,
) -> Steps:
    """The dock closes, and tells when it is online again; perhaps twice."""
    seen = yield Do("view_trip", me, {"trip_id": trip["trip_id"]})
    if succeeded(seen) and seen.body["started_at"] is not None:
        body["docked_at"] = rfc3339(instant_us(seen.body["started_at"]) + _ride_us(population, draw))
        yield ThinkUntil(instant_us(body["docked_at"]))
    body["buffered"] = True
    yield Think(draw.randrange(population.offline_up_to_us))
    return (yield from _tell(station, body, f"{wish.key}/{trip['trip_id']}", population, draw))


def _return_a_day_late(
    me: Principal, trip: dict[str, Any], wish: Wish, population: Population, draw: random.Random
) -> Steps:
    """Keep the bike until the last moment, or a moment longer; half of the docks tell it late, too."""
    yield Think(population.walk_us)
    seen = yield Do("view_trip", me, {"trip_id": trip["trip_id"]})
    if not succeeded(seen) or seen.body["overdue_at"] is None:
        return None
    docked_us = instant_us(seen.body["overdue_at"]) + draw.randint(
        -population.last_minute_us, population.last_minute_us
    )
    yield ThinkUntil(docked_us)
    if draw.random() < 0.5:
        yield Think(draw.randrange(population.told_late_up_to_us))
    body = {"bike_id": trip["bike_id"], "docked_at": rfc3339(docked_us), "buffered": True}
    key = f"{wish.key}/{trip['trip_id']}/late"
    return (yield from _tell(station_name(wish.destination), body, key, population, draw))


def _tell(station: str, body: dict[str, Any], key: str, population: Population, draw: random.Random) -> Steps:
    """A dock tells what it has kept; if the answer is lost on the way, once more."""
    dock, path = Principal(station, "dock"), {"station_id": station}
    got = yield Do("return_bike", dock, path, body, idempotency_key=f"{key}/told")
    if "docked_at" in body and draw.random() < population.told_twice_share:
        yield Think(draw.randrange(population.offline_up_to_us))
        got = yield Do("return_bike", dock, path, body, idempotency_key=f"{key}/told-again")
    return got


def _dispute(me: Principal, wish: Wish, population: Population, draw: random.Random) -> Steps:
    """Look at the charges and dispute the latest; the operator decides some time later."""
    yield Think(population.walk_us)
    listed = yield Do("list_charges", me)
    if not succeeded(listed) or not listed.body["charges"]:
        return None
    path = {"charge_id": listed.body["charges"][0]["charge_id"]}
    got = yield Do("open_dispute", me, path, idempotency_key=f"{wish.key}/dispute")
    if not succeeded(got):
        return got
    yield Think(draw.randrange(population.told_late_up_to_us))
    body = {"upheld": draw.random() < population.upheld_share}
    return (yield Do("settle_dispute", OPERATOR, path, body, idempotency_key=f"{wish.key}/settle"))


def _look_after(key: str, loaded: list[str], population: Population) -> Steps:
    """Fetch bikes that stand beside full stations, and those that need repair; they come back in order."""
    got = yield Do("list_cares", OPERATOR)
    if not succeeded(got):
        return got
    for care in got.body["bikes"][: population.van_capacity - len(loaded)]:
        if care["reason"] == "flagged":
            path, body = {"station_id": care["station_id"]}, {"bike_id": care["bike_id"]}
            taken = yield Do("pick_up", OPERATOR, path, body, idempotency_key=f"{key}/{care['bike_id']}")
            if not succeeded(taken):
                continue
        if care["bike_id"] not in loaded:
            loaded.append(care["bike_id"])
    return got


def _load(key: str, station: dict[str, Any], loaded: list[str], population: Population) -> Steps:
    """Take bikes until the station is half full."""
    too_many = station["num_vehicles_available"] - population.docks_per_station // 2
    room = population.van_capacity - len(loaded)
    seen = yield Do("view_station", PUBLIC, {"station_id": station["station_id"]})
    if not succeeded(seen):
        return seen
    got: Got | None = seen
    for bike in seen.body["bikes"][: max(0, min(too_many, room))]:
        path, body = {"station_id": station["station_id"]}, {"bike_id": bike}
        got = yield Do("pick_up", OPERATOR, path, body, idempotency_key=f"{key}/{bike}")
        if succeeded(got):
            loaded.append(bike)
    return got


def _unload(key: str, station: dict[str, Any], loaded: list[str], population: Population) -> Steps:
    """Bring bikes until the station is half full or the van is empty."""
    too_few = population.docks_per_station // 2 - station["num_vehicles_available"]
    got = None
    for _ in range(min(max(0, too_few), len(loaded))):
        bike = loaded.pop()
        path, body = {"station_id": station["station_id"]}, {"bike_id": bike}
        got = yield Do("drop_off", OPERATOR, path, body, idempotency_key=f"{key}/{bike}")
        if not succeeded(got):
            loaded.append(bike)
            return got
    return got


def _fill(station: dict[str, Any]) -> tuple[int, str]:
    return station["num_vehicles_available"], station["station_id"]


def _ride_us(population: Population, draw: random.Random) -> int:
    """How long a ride takes."""
    return max(1, human_us(population.ride_median_us, draw))


def _wish(index: int, arrives_us: int, population: Population, seed: int) -> Wish:
    """Where a ride goes: to the centre before the flow turns, home after it, or anywhere."""
    who, draw = index % population.customers, stream(seed, "wish", index)
    origin = a_place(population.stations, population.centre_share, draw)
    destination = a_place(population.stations, population.centre_share, draw)
    if draw.random() < population.flow_share:
        inwards = arrives_us < population.flow_turns_us
        origin = a_place(population.stations, population.centre_share, draw, central=not inwards)
        destination = a_place(population.stations, population.centre_share, draw, central=inwards)
    mood = stream(seed, "plan", who).random()
    monthly, day = population.monthly_share, population.monthly_share + population.day_share
    plan = "monthly" if mood < monthly else "day" if mood < day else "single"
    return Wish(f"rider-{who:05d}", index, origin, destination, plan, draw.random())


def _visit(arrives_us: int, wish: Wish, journey: str, population: Population, seed: int) -> Visit:
    play = JOURNEYS[journey]
    return Visit(arrives_us, wish.rider, journey, lambda: play(wish, population, seed))


def _van_visit(number: int, population: Population, seed: int) -> Visit:
    return Visit(0, f"van-{number}", "van", lambda: van(number, population, seed))
