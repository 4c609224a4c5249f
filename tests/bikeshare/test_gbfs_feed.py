"""The public feed is valid GBFS 3.0 and says what is so, at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from bike_city import ANN, HALL, PARK, City
from gbfs_validator import validate_feed

from reference_services.bikeshare.gbfs import FILES
from reference_services.kernel.edge import instant_us, rfc3339
from reference_services.kernel.operation import ANYONE, Principal
from reference_services.kernel.problem import Problem

PUBLIC = Principal("anyone", ANYONE)


def read(city: City, name: str) -> dict[str, Any]:
    document: dict[str, Any] = city.ask(f"gbfs_{name}", PUBLIC)
    return document


def ridden(city: City) -> City:
    """Ann rides from park to hall, and another bike is in a dock for repairs."""
    city.ask("buy_pass", ANN, body={"plan": "day", "card_token": "card"})
    trip_id = city.ask("unlock_bike", ANN, body={"bike_id": "b-1"})["trip_id"]
    city.ask("confirm_release", PARK, {"station_id": "park"}, {"bike_id": "b-1", "trip_id": trip_id})
    city.wait(60_000_000)
    city.ask("return_bike", HALL, {"station_id": "hall"}, {"bike_id": "b-1", "maintenance": True})
    city.ask("unlock_bike", ANN, body={"bike_id": "b-2"})
    return city


@contextmanager
def served(*, used: bool) -> Iterator[str]:
    """Serve the feed of a city for a while; yields where its discovery file is."""

    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = paths.get(self.path)
            self.send_response(200 if name else 404)
            self.end_headers()
            if name:
                self.wfile.write(json.dumps(city.ask(name, PUBLIC)).encode())

        def log_message(self, *arguments: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    url = f"http://127.0.0.1:{server.server_port}"
    city = City()
    city.base_url = url
    if used:
        ridden(city)
    paths = {f"/gbfs{operation.path}": operation.name for operation in city.system.service("gbfs").operations}
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{url}/gbfs/gbfs.json"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("used", [False, True], ids=["new", "ridden"])
def test_the_feed_is_valid(used: bool) -> None:
    with served(used=used) as url:
        report = validate_feed(url)
    assert report["summary"]["version"]["validated"] == "3.0"
    assert [(each["file"], each.get("errors")) for each in report["files"] if each.get("hasErrors")] == []
    assert not report["summary"]["hasErrors"]


def test_the_paths_are_those_of_the_specification() -> None:
    paths = {f"/gbfs{operation.path}" for operation in City().system.service("gbfs").operations}
    assert paths == {"/gbfs/gbfs.json", *(f"/gbfs/3.0/{name}.json" for name in FILES)}


def test_a_station_shows_what_can_be_had_and_what_is_free() -> None:
    """A bike that is reserved takes a dock, but cannot be had and need not be repaired."""
    city = ridden(City())
    stations = {each["station_id"]: each for each in read(city, "station_status")["data"]["stations"]}
    park, hall = stations["park"], stations["hall"]
    assert (park["num_vehicles_available"], park["num_vehicles_disabled"], park["num_docks_available"]) == (1, 0, 3)
    assert (hall["num_vehicles_available"], hall["num_vehicles_disabled"], hall["num_docks_available"]) == (0, 1, 0)


def test_vehicles_on_a_trip_are_nobody_elses_business() -> None:
    vehicles = {each["vehicle_id"]: each for each in read(ridden(City()), "vehicle_status")["data"]["vehicles"]}
    assert vehicles["b-1"]["is_disabled"]
    assert vehicles["b-2"]["is_reserved"]
    riding = City()
    riding.ask("buy_pass", ANN, body={"plan": "day", "card_token": "card"})
    trip_id = riding.ask("unlock_bike", ANN, body={"bike_id": "b-1"})["trip_id"]
    riding.ask("confirm_release", PARK, {"station_id": "park"}, {"bike_id": "b-1", "trip_id": trip_id})
    assert "b-1" not in {each["vehicle_id"] for each in read(riding, "vehicle_status")["data"]["vehicles"]}


def test_every_file_is_dated_by_what_is_known() -> None:
    city = City()
    city.views_age_us = 3_000_000
    assert {instant_us(read(city, name)["last_updated"]) for name in FILES} == {city.now_us - 3_000_000}


def test_what_may_long_have_changed_is_not_shown() -> None:
    city = City()
    city.views_age_us = 10_000_000
    assert read(city, "station_status")["data"]["stations"]
    city.views_age_us += 1
    for name in FILES:
        with pytest.raises(Problem, match="10 s old") as refused:
            read(city, name)
        assert refused.value.kind.status == 503


def test_a_station_is_heard_of_when_it_refuses_or_knows_a_bike_already() -> None:
    city = ridden(City())
    told_us = instant_us(hall_of(city)["last_reported"])
    for bike_id, outcome in (("b-2", "station-full"), ("b-1", "")):
        city.wait(1_000_000)
        docked_at = rfc3339(told_us) if outcome == "" else None
        with pytest.raises(Problem) if outcome else nullcontext():
            city.ask("return_bike", HALL, {"station_id": "hall"}, {"bike_id": bike_id, "docked_at": docked_at})
        assert instant_us(hall_of(city)["last_reported"]) == city.now_us


def hall_of(city: City) -> dict[str, Any]:
    stations = read(city, "station_status")["data"]["stations"]
    return next(each for each in stations if each["station_id"] == "hall")


def test_every_file_is_made_for_the_one_who_asks() -> None:
    city = City()
    city.wait(3_600_000_000)
    assert {instant_us(read(city, name)["last_updated"]) for name in FILES} == {city.now_us}
    assert {read(city, name)["ttl"] for name in FILES} == {0}
