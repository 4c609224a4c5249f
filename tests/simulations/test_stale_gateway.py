"""A simulated gateway that hears nothing says how old its views are, as a real one does."""

from __future__ import annotations

import pytest

from reference_services.kernel.edge import instant_us
from reference_services.kernel.invariant import Checker
from reference_services.kernel.operation import ANYONE, Principal
from scenarios.loading import load_scenario
from scenarios.steps import Do, Got
from simulations.clock import VirtualClock
from simulations.design import HONEST
from simulations.gateway import VirtualGateway
from simulations.recorder import Recorder
from simulations.world import World
from tests.hosting_streams.turnstile_tape import NothingToReach

FEED = Do("gbfs_station_status", Principal("anyone", ANYONE))
START_US = 1_800_000_000_000_000
SECOND_US = 1_000_000


class Feed:
    """One gateway of the bike share, and whoever reads the public feed there."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START_US)
        recorder = Recorder(Checker((), NothingToReach()))
        world = World(load_scenario("bike_day").for_check(), 1, self.clock, recorder, None, HONEST)
        self.gateway: VirtualGateway = world.gateways["gateway-1"]

    def read(self, at_s: int) -> Got:
        """What the feed says that many seconds after the start."""
        self.clock.run(until=START_US + at_s * SECOND_US)
        answers: list[Got] = []
        self.gateway.call(FEED, "", self.clock.now_us, answers.append)
        self.clock.run(until=self.clock.now_us + SECOND_US // 2)
        return answers.pop()


def test_the_feed_is_as_old_as_what_was_heard_last() -> None:
    feed = Feed()
    assert shown_s(feed.read(at_s=1)) == pytest.approx(1, abs=0.1)
    feed.gateway.stop_listening()
    deaf_since_s = (feed.clock.now_us - START_US) / SECOND_US
    assert shown_s(feed.read(at_s=9)) == pytest.approx(deaf_since_s, abs=0.1)
    refused = feed.read(at_s=20)
    assert (refused.status, refused.reason) == (503, "not-ready")
    feed.gateway.listen()
    assert shown_s(feed.read(at_s=21)) == pytest.approx(21, abs=0.1)


def shown_s(got: Got) -> float:
    """The instant that the feed shows, in seconds after the start."""
    return (instant_us(got.body["last_updated"]) - START_US) / SECOND_US
