"""What journeys are made of: how an answer is read, what a setup insists on, and who goes on which journey."""

from __future__ import annotations

import pytest

from reference_services.kernel.operation import Principal
from reference_services.kernel.random_streams import stream
from scenarios.journeys.shared import JourneyMix, SetupFailed, human_us, must, succeeded, told
from scenarios.loading import load_scenario
from scenarios.problems import ScenarioError
from scenarios.steps import Do, Got

OPEN_CART = Do("open_cart", Principal("ann", "customer"), {"shop": "s"}, idempotency_key="k")


@pytest.mark.parametrize(
    ("got", "yes", "tells"),
    [
        (Got(201, "ok", {"cart_id": "c-1"}), True, True),
        (Got(202, "ok", {"accepted": True}), True, False),
        (Got(204, "ok"), True, False),
        (Got(409, "refused", {"cart_id": "c-1"}), False, False),
        (Got(0, "unknown"), False, False),
        (None, False, False),
    ],
)
def test_how_an_answer_is_read(got: Got | None, yes: bool, tells: bool) -> None:
    assert succeeded(got) is yes
    assert told(got, "cart_id") is tells


def test_a_setup_goes_on_when_its_step_succeeded_and_stops_when_it_did_not() -> None:
    steps = must(OPEN_CART)
    assert next(steps) == OPEN_CART
    with pytest.raises(StopIteration):
        steps.send(Got(201, "ok"))

    steps = must(OPEN_CART)
    next(steps)
    with pytest.raises(SetupFailed, match=r"the setup failed at open_cart .*: refused 409"):
        steps.send(Got(409, "refused"))


def test_a_journey_is_drawn_by_its_weight_and_one_that_nobody_wrote_is_told_of() -> None:
    scenario = load_scenario("flash_sale")
    known = {journey.name for journey in scenario.journeys}
    mix = JourneyMix(scenario, known)

    drawn = [mix.draw(stream(1, "mix", index)) for index in range(200)]

    assert set(drawn) <= known
    assert drawn == [mix.draw(stream(1, "mix", index)) for index in range(200)]
    with pytest.raises(ScenarioError, match="there is no journey 'shopper'; choose from nap"):
        JourneyMix(scenario, {"nap"})


def test_people_take_about_as_long_as_the_median_says() -> None:
    taken = sorted(human_us(1_000_000, stream(1, "pace", index)) for index in range(1_001))

    assert 900_000 < taken[500] < 1_100_000
    assert taken[0] > 0
