"""The knobs: each does its share, none moves another's draws, and draws depend on nothing but their names."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from reference_services.payment_provider.misbehaviour import (
    EARLY_HEAD_START_US,
    Behaviour,
    Misbehaviour,
    draw_behaviour,
    draw_deliveries,
)

SEED = 7
DRAWS = 4_000
SHARE = 0.1
FOUR_SIGMA = 4 * math.sqrt(SHARE * (1 - SHARE) / DRAWS)


def behaviours(knobs: Misbehaviour, draws: int = DRAWS) -> list[Behaviour]:
    return [draw_behaviour(knobs, SEED, f"order-{number}/1", 1) for number in range(draws)]


def deliveries(knobs: Misbehaviour, draws: int = DRAWS) -> list[tuple[int, ...]]:
    return [draw_deliveries(knobs, SEED, f"webhook-{number}") for number in range(draws)]


def knobs_with(**changes: float) -> Misbehaviour:
    return msgspec.convert(changes, Misbehaviour)


def test_a_good_day_has_no_trouble() -> None:
    assert {(behaviour.fate, behaviour.declined, behaviour.early) for behaviour in behaviours(Misbehaviour(), 500)} == {
        ("answered", False, False)
    }
    assert set(deliveries(Misbehaviour(), 500)) == {(0,)}


@pytest.mark.parametrize(
    ("knob", "fate"),
    [
        ("lost_request_share", "lost"),
        ("error_share", "failed"),
        ("error_after_commit_share", "failed-after"),
        ("timeout_share", "silent"),
    ],
)
def test_fates_have_their_share(knob: str, fate: str) -> None:
    drawn = [behaviour.fate for behaviour in behaviours(knobs_with(**{knob: SHARE}))]
    assert set(drawn) == {"answered", fate}
    assert drawn.count(fate) / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)  # type: ignore[arg-type]


def test_declines_and_early_webhooks_have_their_share() -> None:
    drawn = behaviours(knobs_with(decline_share=SHARE, webhook_early_share=SHARE))
    assert sum(behaviour.declined for behaviour in drawn) / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)
    early = [behaviour for behaviour in drawn if behaviour.early]
    assert len(early) / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)
    assert all(one.capture_after_us == 0 and one.answer_after_us >= EARLY_HEAD_START_US for one in early)
    assert all(one.capture_after_us >= one.answer_after_us for one in drawn if not one.early)


def test_webhooks_are_lost_late_and_copied_in_their_share() -> None:
    lost = deliveries(knobs_with(webhook_lost_share=SHARE)).count(())
    assert lost / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)

    late_by = [
        delays[0] for delays in deliveries(knobs_with(webhook_late_share=SHARE, webhook_late_up_to_us=1_000_000))
    ]
    assert sum(delay_us > 0 for delay_us in late_by) / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)
    assert 900_000 < max(late_by) <= 1_000_000

    copied = deliveries(
        knobs_with(
            webhook_duplicate_share=SHARE,
            webhook_duplicate_copies_up_to=3,
            webhook_duplicate_spacing_up_to_us=1_000,
        )
    )
    assert {len(delays) for delays in copied} == {1, 2, 3, 4}
    assert sum(len(delays) > 1 for delays in copied) / DRAWS == pytest.approx(SHARE, abs=FOUR_SIGMA)
    spacings = [later - sooner for delays in copied for sooner, later in pairwise(delays)]
    assert min(spacings) >= 0
    assert 900 < max(spacings) <= 1_000


def test_reordered_webhooks_are_overtaken_by_younger_ones() -> None:
    delays = [at[0] for at in deliveries(knobs_with(webhook_reorder_share=0.5, webhook_reorder_up_to_us=5_000))]
    left_at_us = [number * 1_000 + delay_us for number, delay_us in enumerate(delays)]
    assert left_at_us != sorted(left_at_us)
    assert max(delays) <= 5_000


def test_latency_has_the_median_and_the_99th_percentile_asked_for() -> None:
    knobs = knobs_with(latency_median_us=100_000, latency_p99_us=900_000)
    latencies = sorted(behaviour.answer_after_us for behaviour in behaviours(knobs))
    assert latencies[DRAWS // 2] == pytest.approx(100_000, rel=0.07)
    assert latencies[DRAWS * 99 // 100] == pytest.approx(900_000, rel=0.2)


def test_time_to_settle_has_the_median_asked_for() -> None:
    knobs = knobs_with(latency_median_us=0, latency_p99_us=0, settle_median_us=50_000, settle_p99_us=200_000)
    waits = sorted(behaviour.capture_after_us for behaviour in behaviours(knobs))
    assert waits[DRAWS // 2] == pytest.approx(50_000, rel=0.07)
    assert waits[DRAWS * 99 // 100] == pytest.approx(200_000, rel=0.2)


def test_an_attempt_draws_its_own_fate_but_keeps_the_cards_answer() -> None:
    knobs = knobs_with(error_share=0.5, decline_share=0.5)
    drawn = [[draw_behaviour(knobs, SEED, f"k{key}", attempt) for attempt in range(1, 9)] for key in range(50)]
    assert all(len({behaviour.declined for behaviour in attempts}) == 1 for attempts in drawn)
    assert any(len({behaviour.fate for behaviour in attempts}) == 2 for attempts in drawn)


ALL_ON = Misbehaviour(
    decline_share=0.3,
    webhook_early_share=0.3,
    webhook_duplicate_share=0.3,
    webhook_late_share=0.3,
    webhook_lost_share=0.3,
    webhook_reorder_share=0.3,
)


def test_turning_one_knob_moves_no_other_draw() -> None:
    before = behaviours(ALL_ON, 300)
    turned = behaviours(msgspec.structs.replace(ALL_ON, decline_share=0.9, settle_p99_us=50_000_000), 300)
    assert [one.answer_after_us for one in before] == [one.answer_after_us for one in turned]
    assert [one.early for one in before] == [one.early for one in turned]
    assert all(after.declined for one, after in zip(before, turned, strict=True) if one.declined)

    sent = deliveries(ALL_ON, 300)
    more_lost = deliveries(msgspec.structs.replace(ALL_ON, webhook_lost_share=0.6), 300)
    assert all(after in ((), one) for one, after in zip(sent, more_lost, strict=True))
    assert sent != more_lost
    on_time = deliveries(msgspec.structs.replace(ALL_ON, webhook_late_share=0.0), 300)
    assert [len(delays) for delays in sent] == [len(delays) for delays in on_time]


DRAW = """
from reference_services.payment_provider.misbehaviour import *
knobs = Misbehaviour(decline_share=0.3, timeout_share=0.2, webhook_duplicate_share=0.5, webhook_late_share=0.5)
print([draw_behaviour(knobs, 3, f"k{n}", 1) for n in range(40)])
print([draw_deliveries(knobs, 3, f"w{n}") for n in range(40)])
"""


def test_draws_do_not_depend_on_the_process(project_root: Path) -> None:
    drawn = {
        subprocess.run(
            [sys.executable, "-c", DRAW],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=project_root,
            check=True,
            capture_output=True,
        ).stdout
        for hash_seed in ("0", "12345")
    }
    assert len(drawn) == 1
    assert b"declined=True" in drawn.pop()


@pytest.mark.parametrize(
    ("knobs", "complaint"),
    [
        ({"decline_share": 1.5}, "<= 1.0 - at `$.decline_share`"),
        ({"webhook_lost_share": -0.1}, ">= 0.0 - at `$.webhook_lost_share`"),
        ({"webhook_duplicate_copies_up_to": 0}, ">= 1 - at `$.webhook_duplicate_copies_up_to`"),
        ({"latency_median_us": "soon"}, "at `$.latency_median_us`"),
        ({"declines": 0.1}, "unknown field `declines`"),
        ({"latency_median_us": 500_000}, "latency_p99 must be at least latency_median"),
        ({"settle_median_us": 0}, "settle_median must be more than 0"),
    ],
)
def test_impossible_knobs_are_refused_by_name(knobs: dict[str, object], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(knobs, Misbehaviour)
    assert complaint in str(refusal.value)
