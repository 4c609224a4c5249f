"""Journeys through outpatient clinics: search, book, be reminded, come (or not), cancel, move, wait for an earlier
time.

Everything a patient does is drawn from streams of their own, so one more patient changes nobody else's week.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from reference_services.kernel.edge import instant_us, rfc3339
from reference_services.kernel.operation import Principal
from reference_services.kernel.random_streams import stream

from ..arrivals import arrivals_of
from ..model import Scenario
from ..steps import Do, Got, Journey, Think, ThinkUntil, Visit
from .shared import PATIENCE_S, PUBLIC, Duration, JourneyMix, Share, human_us, must, succeeded, told

ASKS = 6
"""How often a patient asks how an unsettled booking stands before giving up on the screen."""

SETTLES_US = 1_000_000
"""How long a patient waits before asking: what was accepted a moment ago may not have begun yet."""

TRIES = 3
"""How many free times a patient tries to book before giving up for the day."""

Count = Annotated[int, msgspec.Meta(ge=1, le=50)]


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who comes, what there is to come to, and how people behave.

    Shares of ``cancel``, ``late_cancel`` and ``move`` are of all who booked; ``no_show_share`` is of those whose visit
    is due. ``latecomer_share`` of the absent turn up after all, within ``moment`` of the end of the grace period.
    """

    customers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    zones: tuple[str, ...]
    providers_per_clinic: Count = 4
    rooms_per_clinic: Count = 3
    rule: str = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    opens: str = "08:00"
    closes: str = "17:00"
    days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 14
    book_ahead_us: Duration
    soonest_us: Duration
    checkup_share: Share = 0.3
    loyal_share: Share = 0.6
    think_median_us: Duration
    no_show_share: Share = 0.23
    latecomer_share: Share = 0.02
    cancel_share: Share = 0.06
    late_cancel_share: Share = 0.02
    rebook_share: Share = 0.1
    move_share: Share = 0.05
    second_card_share: Share = 0.7
    two_devices_share: Share = 0.05
    cutoff_us: Duration
    grace_us: Duration
    moment_us: Duration
    poll_us: Duration
    polls: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 30
    providers_ill: Annotated[int, msgspec.Meta(ge=0, le=50)] = 2
    ill_at_us: Duration
    rooms_closed: Annotated[int, msgspec.Meta(ge=0, le=50)] = 1


def setup(scenario: Scenario, seed: int) -> Journey:
    """The front desk opens the clinics and publishes the calendars. Raises `SetupFailed` if not."""
    population = population_of(scenario)
    for clinic, zone in _clinics(population).items():
        body = {"zone": zone, "hours": {"opens": population.opens, "closes": population.closes}}
        yield from must(Do("set_clinic", _desk(clinic), {"clinic_id": clinic}, body, idempotency_key=f"set-{clinic}"))
    for clinic in _clinics(population):
        for resource in (*_providers(clinic, population), *_rooms(clinic, population)):
            body = _calendar(resource, clinic, population, scenario.opens_at_us)
            path = {"resource_id": resource}
            yield from must(Do("set_calendar", _desk(clinic), path, body, idempotency_key=f"set-{resource}"))


def visits(scenario: Scenario, seed: int) -> list[Visit]:
    """Every arrival of the scenario, in order of time, and the front desk's when somebody falls ill."""
    population = population_of(scenario)
    mix = JourneyMix(scenario, JOURNEYS)
    arrivals: list[Visit] = []
    for arrives_us, index in arrivals_of(scenario, seed):
        who = f"patient-{index:05d}"
        name = mix.draw(stream(seed, "patient", index))
        devices = 2 if stream(seed, "devices", index).random() < population.two_devices_share else 1
        arrivals += [
            _visit(arrives_us, who, device, name, population, seed, scenario.opens_at_us)
            for device in ("phone", "laptop")[:devices]
        ]
    bad_news = Visit(
        population.ill_at_us,
        "front-desk",
        "bad_news",
        lambda: bad_news_of_the_day(population, seed, scenario.opens_at_us),
    )
    return sorted([*arrivals, bad_news], key=lambda visit: visit.arrives_us)


def population_of(scenario: Scenario) -> Population:
    """The scenario's population, typed. Raises `ScenarioError`, which names the line."""
    return scenario.convert(("population",), Population)


def patient(name: str, device: str, population: Population, seed: int, now_us: int) -> Journey:
    """Books a visit and sees it through: comes, or does not. A second device tries the same at the same time."""
    draw = stream(seed, "visit", f"{name}/{device}")
    me = Principal(name, "patient")
    yield from _give_number(me, device, seed)
    got = yield from _book(me, device, population, draw, seed, now_us)
    if got is not None:
        yield from _after_booking(me, got, f"{name}/{device}", population, draw)


def waiting_patient(name: str, device: str, population: Population, seed: int, now_us: int) -> Journey:
    """Would come at any time that somebody else gives back."""
    draw = stream(seed, "waiting", f"{name}/{device}")
    me = Principal(name, "patient")
    yield from _give_number(me, device, seed)
    clinic = draw.choice(list(_clinics(population)))
    body = {
        "provider_id": draw.choice(_providers(clinic, population)),
        "service": _service(population, draw),
        "card_token": f"card-{name}",
    }
    joined = yield Do("join_waitlist", me, body=body, idempotency_key=f"{name}/{device}/wait")
    if not told(joined, "entry_id"):
        return
    entry = {"entry_id": joined.body["entry_id"]}
    for poll in range(population.polls):
        yield Think(draw.randrange(population.poll_us // 2, population.poll_us))
        asked = yield Do("view_entry", me, entry)
        if not succeeded(asked) or not asked.body["offers"]:
            continue
        offer = {"starts": asked.body["offers"][0]["starts"]}
        said_yes = yield Do("accept_offer", me, entry, offer, idempotency_key=f"{name}/{device}/accept/{poll}")
        if told(said_yes, "appointment_id") and said_yes.body["appointment_id"]:
            booked = yield from _settled(me, said_yes.body["appointment_id"])
            if booked is not None:
                yield from _after_booking(me, booked, f"{name}/{device}", population, draw)
                return
    yield Do("leave_waitlist", me, entry, idempotency_key=f"{name}/{device}/leave")


def caller(name: str, device: str, population: Population, seed: int, now_us: int) -> Journey:
    """Only books: searches, takes a time, and is gone."""
    draw = stream(seed, "caller", f"{name}/{device}")
    yield from _book(Principal(name, "patient"), device, population, draw, seed, now_us)


JOURNEYS = {"patient": patient, "waiting_patient": waiting_patient, "caller": caller}


def bad_news_of_the_day(population: Population, seed: int, opens_at_us: int) -> Journey:
    """Providers fall ill, and a room cannot be used: their calendars for the day are closed."""
    draw = stream(seed, "bad-news")
    clinics = _clinics(population)
    providers = [(clinic, each) for clinic in clinics for each in _providers(clinic, population)]
    rooms = [(clinic, each) for clinic in clinics for each in _rooms(clinic, population)]
    ill = draw.sample(providers, min(population.providers_ill, len(providers)))
    closed = draw.sample(rooms, min(population.rooms_closed, len(rooms)))
    for clinic, resource in (*ill, *closed):
        day = _local_date(opens_at_us + population.ill_at_us, clinics[clinic]).isoformat()
        body = {**_calendar(resource, clinic, population, opens_at_us), "away": [{"first": day, "last": day}]}
        yield Do("set_calendar", _desk(clinic), {"resource_id": resource}, body, idempotency_key=f"close-{resource}")


Steps = Generator[Any, Got | None, dict[str, Any] | None]


def _give_number(me: Principal, device: str, seed: int) -> Generator[Any, Got | None, None]:
    phone = f"+49{stream(seed, 'phone', me.subject).randrange(10**9, 10**10)}"
    path, key = {"patient_id": me.subject}, f"{me.subject}/{device}/phone"
    yield Do("set_contact", me, path, {"phone": phone}, idempotency_key=key)


def _book(me: Principal, device: str, population: Population, draw: random.Random, seed: int, now_us: int) -> Steps:
    """From the search to a booked appointment; None if it came to nothing."""
    wish = _wish(population, stream(seed, "wish", me.subject), now_us)
    card = f"card-{me.subject}"
    for attempt in range(TRIES):
        found = yield Do("search_availability", PUBLIC, body=wish)
        if not succeeded(found) or not found.body["openings"]:
            return None
        yield _think(population, draw)
        opening = draw.choice(found.body["openings"])
        body = {"provider_id": opening["provider_id"], "service": wish["service"], "starts": opening["starts"]}
        key = f"{me.subject}/{device}/{attempt}"
        got = yield Do(
            "book_appointment", me, body={**body, "card_token": card}, wait_s=PATIENCE_S, idempotency_key=key
        )
        if got is None or got.outcome in ("error", "unknown"):
            return None
        if got.outcome == "ok":
            if not told(got, "appointment_id"):
                return None
            return (yield from _settled(me, got.body["appointment_id"], got.body))
        if got.reason == "payment-declined":
            if draw.random() >= population.second_card_share:
                return None
            card = f"other-{card}"
        yield _think(population, draw)
    return None


def _wish(population: Population, draw: random.Random, now_us: int) -> dict[str, Any]:
    """What a patient looks for: mostly soon, sometimes far ahead; loyal ones look for their own provider."""
    clinics = list(_clinics(population))
    clinic = draw.choice(clinics)
    ahead_us = population.soonest_us + round(population.book_ahead_us * draw.random() ** 2)
    wish: dict[str, Any] = {
        "clinic_id": clinic,
        "service": _service(population, draw),
        "earliest": rfc3339(now_us + ahead_us),
        "latest": rfc3339(now_us + population.soonest_us + population.book_ahead_us),
        "limit": 12,
    }
    if draw.random() < population.loyal_share:
        wish["provider_id"] = draw.choice(_providers(clinic, population))
    return wish


def _after_booking(
    me: Principal, booked: dict[str, Any], key: str, population: Population, draw: random.Random
) -> Generator[Any, Got | None, None]:
    """Cancel, move, come, or do not."""
    path = {"appointment_id": booked["appointment_id"]}
    mood = draw.random()
    if mood < population.cancel_share:
        yield _think(population, draw)
        yield from _cancel(me, booked, key, population, draw)
        return
    mood -= population.cancel_share
    if mood < population.late_cancel_share:
        yield ThinkUntil(_starts_us(booked) - population.cutoff_us + _about(population, draw))
        yield Do("cancel_appointment", me, path, idempotency_key=f"{key}/cancel")
        return
    if mood - population.late_cancel_share < population.move_share:
        yield _think(population, draw)
        booked = yield from _move(me, booked, key, population, draw)
    if draw.random() >= population.no_show_share:
        yield from _come(me, booked, key, population, draw)
    elif draw.random() < population.latecomer_share:
        yield ThinkUntil(_starts_us(booked) + population.grace_us + _about(population, draw))
        yield Do("record_arrival", _desk(booked["clinic_id"]), path, idempotency_key=f"{key}/arrive")


def _cancel(
    me: Principal, booked: dict[str, Any], key: str, population: Population, draw: random.Random
) -> Generator[Any, Got | None, None]:
    """Cancel; some regret it at once and want the same time again."""
    path = {"appointment_id": booked["appointment_id"]}
    got = yield Do("cancel_appointment", me, path, idempotency_key=f"{key}/cancel")
    if not succeeded(got) or draw.random() >= population.rebook_share:
        return
    wanted = {name: booked[name] for name in ("provider_id", "service", "starts")}
    body = {**wanted, "card_token": f"card-{me.subject}"}
    again = yield Do("book_appointment", me, body=body, wait_s=PATIENCE_S, idempotency_key=f"{key}/regret")
    if told(again, "appointment_id"):
        booked_again = yield from _settled(me, again.body["appointment_id"], again.body)
        if booked_again is not None:
            yield from _come(me, booked_again, f"{key}/regret", population, draw)


def _move(
    me: Principal, booked: dict[str, Any], key: str, population: Population, draw: random.Random
) -> Generator[Any, Got | None, dict[str, Any]]:
    """Look for another time with the same provider; whatever comes of it, an appointment stands."""
    names = ("clinic_id", "provider_id", "service")
    starts_us = _starts_us(booked)
    wish = {
        **{name: booked[name] for name in names},
        "earliest": rfc3339(starts_us),
        "latest": rfc3339(starts_us + population.book_ahead_us // 4),
        "limit": 12,
    }
    found = yield Do("search_availability", PUBLIC, body=wish)
    if not succeeded(found) or not found.body["openings"]:
        return booked
    path, body = {"appointment_id": booked["appointment_id"]}, {"starts": draw.choice(found.body["openings"])["starts"]}
    yield Do("move_appointment", me, path, body, wait_s=PATIENCE_S, idempotency_key=f"{key}/move")
    return (yield from _settled(me, booked["appointment_id"])) or booked


def _come(
    me: Principal, booked: dict[str, Any], key: str, population: Population, draw: random.Random
) -> Generator[Any, Got | None, None]:
    """Fill in the form, come in time, and be seen; unless the clinic has had to cancel."""
    path, desk = {"appointment_id": booked["appointment_id"]}, _desk(booked["clinic_id"])
    yield _think(population, draw)
    yield Do("complete_intake", me, path, idempotency_key=f"{key}/intake")
    yield ThinkUntil(_starts_us(booked) - draw.randrange(population.grace_us))
    now = yield Do("view_appointment", me, path)
    if not succeeded(now) or now.body["status"] != "booked":
        return
    arrived = yield Do("record_arrival", desk, path, idempotency_key=f"{key}/arrive")
    if not succeeded(arrived):
        return
    yield _think(population, draw)
    yield Do("check_in", desk, path, idempotency_key=f"{key}/check-in")
    yield ThinkUntil(instant_us(now.body["ends"]) + draw.randrange(population.grace_us))
    provider = Principal(booked["provider_id"], "provider")
    yield Do("fulfil_visit", provider, path, idempotency_key=f"{key}/fulfil")


def _settled(me: Principal, appointment_id: str, body: dict[str, Any] | None = None) -> Steps:
    """Ask until the appointment stands; None if it does not, or that cannot be learnt."""
    for _ in range(ASKS):
        if body is not None and body["status"] != "pending":
            return body if body["status"] == "booked" else None
        yield Think(SETTLES_US)
        asked = yield Do("view_appointment", me, {"appointment_id": appointment_id}, wait_s=PATIENCE_S)
        if not told(asked, "status"):
            return None
        body = asked.body
    return None


def _starts_us(booked: dict[str, Any]) -> int:
    return instant_us(booked["starts"])


def _about(population: Population, draw: random.Random) -> int:
    return draw.randint(-population.moment_us, population.moment_us)


def _service(population: Population, draw: random.Random) -> str:
    return "checkup" if draw.random() < population.checkup_share else "visit"


def _think(population: Population, draw: random.Random) -> Think:
    """A pause to think."""
    return Think(human_us(population.think_median_us, draw))


def _clinics(population: Population) -> dict[str, str]:
    """The clinics and their time zones."""
    return {f"clinic-{number}": zone for number, zone in enumerate(population.zones, start=1)}


def _providers(clinic: str, population: Population) -> list[str]:
    return [f"dr-{clinic[7:]}-{number + 1}" for number in range(population.providers_per_clinic)]


def _rooms(clinic: str, population: Population) -> list[str]:
    return [f"room-{clinic[7:]}-{number + 1}" for number in range(population.rooms_per_clinic)]


def _desk(clinic: str) -> Principal:
    return Principal(f"desk-{clinic}", "front_desk")


def _calendar(resource: str, clinic: str, population: Population, opens_at_us: int) -> dict[str, Any]:
    """What a provider's or a room's calendar says, from the day of the opening on."""
    first = _local_date(opens_at_us, _clinics(population)[clinic])
    body = {
        "clinic_id": clinic,
        "rule": population.rule,
        "first_day": first.isoformat(),
        "last_day": (first + timedelta(days=population.days - 1)).isoformat(),
        "hours": {"opens": population.opens, "closes": population.closes},
    }
    if resource.startswith("room"):
        return {"kind": "room", **body}
    return {"kind": "provider", **body, "services": ["visit", "checkup"]}


def _local_date(time_us: int, zone: str) -> date:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).astimezone(ZoneInfo(zone)).date()


def _visit(
    arrives_us: int, name: str, device: str, journey: str, population: Population, seed: int, opens_at_us: int
) -> Visit:
    play = JOURNEYS[journey]
    return Visit(arrives_us, name, journey, lambda: play(name, device, population, seed, opens_at_us + arrives_us))
