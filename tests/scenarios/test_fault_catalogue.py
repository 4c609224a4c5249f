"""Faults: drawn within bounds and reproducibly, written down and read back, and healed without a trace."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reference_services.payment_provider.misbehaviour import Misbehaviour
from scenarios import faults
from scenarios.faults.catalog import FAULTS, from_document, kinds_in, to_document
from scenarios.faults.clock_skew import ClockSkew
from scenarios.faults.cut_link import CutLink
from scenarios.faults.fault import Fault
from scenarios.faults.kill import Kill
from scenarios.faults.links import links_of
from scenarios.faults.pause import Pause
from scenarios.faults.provider import Provider
from scenarios.faults.setting import Setting
from scenarios.faults.slow_link import SlowLink
from scenarios.faults.stage import CannotHappenHere, Kind
from scenarios.problems import BadValues

PROCESSES: dict[Kind, tuple[str, ...]] = {
    "worker": ("orders-1", "orders-2", "payments-1"),
    "gateway": ("gateway-1",),
    "provider": ("provider",),
}
SETTING = Setting(
    from_us=5_000_000,
    until_us=45_000_000,
    targets=PROCESSES,
    session_us=3_000_000,
    durations_us=(20_000_000, 4_000_000),
)
SEEDS = range(60)


def drawn(kind: str, seed: int) -> Fault:
    return FAULTS[kind].draw(random.Random(seed), SETTING)


class RecordingStage:
    """A world in which everything is as usual, and that remembers what is not."""

    def __init__(self) -> None:
        self.unusual: dict[Any, Any] = {}
        self.asked = 0

    def targets(self, kind: Kind) -> tuple[str, ...]:
        return PROCESSES.get(kind, ())

    def kill(self, target: str) -> None:
        self._set(("down", target), True)

    def start(self, target: str) -> None:
        self._set(("down", target), False)

    def stop(self, target: str) -> None:
        self._set(("stopped", target), True)

    def go_on(self, target: str) -> None:
        self._set(("stopped", target), False)

    def turn_provider(self, knobs: dict[str, Any]) -> None:
        turned = msgspec.convert(dict(knobs), Misbehaviour)
        for name in knobs:
            self._set(("knob", name), (getattr(turned, name),))

    def turn_provider_back(self, knobs: dict[str, Any]) -> None:
        for name in knobs:
            self._set(("knob", name), None)

    def set_clock(self, target: str, ahead_us: int) -> None:
        self._set(("clock", target), ahead_us)

    def set_zone(self, target: str, ahead_us: int) -> None:
        self._set(("zone", target), ahead_us)

    def delay_broker(self, extra_us: int) -> None:
        self._set("delay", extra_us)

    def scatter_topics(self, up_to_us: int) -> None:
        self._set("scatter", up_to_us)

    def copy_messages(self, share: float) -> None:
        self._set("copies", share)

    def cut_reading(self, target: str) -> None:
        self._set(("deaf", target), True)

    def cut_writing(self, target: str) -> None:
        self._set(("mute", target), True)

    def reconnect(self, target: str) -> None:
        self._set(("deaf", target), False)
        self._set(("mute", target), False)

    def slow_gateway(self, factor: float) -> None:
        self._set("factor", factor - 1)

    def repeat_requests(self, copies: int, every_us: int) -> None:
        self._set("repeat", copies)

    def slow_link(self, caller: str, callee: str, extra_us: int) -> None:
        self._set(("slow", caller, callee), extra_us)

    def cut_link(self, caller: str, callee: str) -> None:
        self._set(("cut", caller, callee), True)

    def mend_link(self, caller: str, callee: str) -> None:
        self._set(("cut", caller, callee), False)

    def _set(self, what: Any, value: Any) -> None:
        self.asked += 1
        self.unusual.pop(what, None)
        if value:
            self.unusual[what] = value


def test_every_module_of_a_fault_is_in_the_catalogue_under_its_name() -> None:
    folder = Path(faults.__path__[0])
    helpers = {"__init__", "__main__", "catalog", "fault", "links", "page", "setting", "stage"}
    assert {file.stem for file in folder.glob("*.py")} - helpers == set(FAULTS)
    assert {fault.kind: fault for fault in FAULTS.values()} == FAULTS
    assert list(FAULTS) == sorted(FAULTS)
    assert [fault.__module__.rpartition(".")[2] for fault in FAULTS.values()] == list(FAULTS)


def test_no_two_kinds_look_the_same_in_pictures() -> None:
    colours = Counter(fault.colour for fault in FAULTS.values())
    assert max(colours.values()) == 1
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


@pytest.mark.parametrize("kind", FAULTS)
def test_what_was_struck_is_as_before_when_it_has_healed(kind: str) -> None:
    for seed in SEEDS:
        stage, fault = RecordingStage(), drawn(kind, seed)
        fault.strike(stage)
        assert stage.unusual
        before = dict(stage.unusual)
        fault.strike(stage)
        assert stage.unusual == before, "striking twice is striking once"
        fault.heal(stage)
        fault.heal(stage)
        assert stage.unusual == {}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_heals_nothing_that_another_one_struck(kind: str) -> None:
    stage = RecordingStage()
    other = Kill("payments-1", at_us=0) if kind != "kill" else Pause("payments-1", at_us=0, for_us=1)
    other.strike(stage)
    before = dict(stage.unusual)
    fault = drawn(kind, 3)
    fault.strike(stage)
    fault.heal(stage)
    assert stage.unusual == before


@pytest.mark.parametrize("kind", FAULTS)
def test_faults_are_drawn_within_the_window_and_the_same_from_the_same_seed(kind: str) -> None:
    faults_drawn = [drawn(kind, seed) for seed in SEEDS]
    assert faults_drawn == [drawn(kind, seed) for seed in SEEDS]
    assert all(SETTING.from_us <= fault.at_us <= fault.heals_us <= SETTING.until_us for fault in faults_drawn)
    assert all(fault.for_us > 0 for fault in faults_drawn)
    assert len({json.dumps(to_document(fault)) for fault in faults_drawn}) == len(faults_drawn)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_that_is_written_down_and_read_back_is_the_same(kind: str) -> None:
    for seed in SEEDS:
        fault = drawn(kind, seed)
        document = json.loads(json.dumps(to_document(fault)))
        assert from_document(document) == fault
        assert document["kind"] == kind


def test_a_fault_is_written_as_in_a_scenario() -> None:
    assert to_document(Kill("orders", at_us=10_000_000, down_us=1_500_000)) == {
        "kind": "kill",
        "target": "orders",
        "at": "10s",
        "down": "1s500ms",
    }
    written = {"kind": "provider", "at": "30s", "for": "5s", "knobs": {"timeout_share": "50%", "latency_p99": "4s"}}
    fault = from_document(written)
    assert isinstance(fault, Provider)
    assert fault.turned() == {"timeout_share": 0.5, "latency_p99_us": 4_000_000}
    assert to_document(fault) == written


def test_a_window_of_a_moment_is_enough() -> None:
    setting = msgspec.structs.replace(SETTING, until_us=SETTING.from_us + 1_000)
    for kind in FAULTS.values():
        fault = kind.draw(random.Random(1), setting)
        assert setting.from_us <= fault.at_us <= fault.heals_us <= setting.until_us


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until_us": 5_000_500}, "at least a millisecond long"),
        ({"targets": {"worker": (), "gateway": ("gateway-1",)}}, "at least one worker and one gateway"),
        ({"targets": {"worker": ("orders-1",)}}, "at least one worker and one gateway"),
    ],
)
def test_a_setting_in_which_nothing_can_be_drawn_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        msgspec.structs.replace(SETTING, **changes)


def test_a_service_stands_for_the_first_of_its_workers() -> None:
    stage = RecordingStage()
    Pause("orders", at_us=0, for_us=1).strike(stage)
    Kill("gateway", at_us=0).strike(stage)
    Kill("provider", at_us=0).strike(stage)
    assert set(stage.unusual) == {("stopped", "orders-1"), ("down", "gateway-1"), ("down", "provider")}


def test_a_target_that_is_not_there_is_told_with_those_that_are() -> None:
    told = "unknown process 'storage'; choose one of gateway-1, orders-1, orders-2, payments-1, provider"
    with pytest.raises(CannotHappenHere, match=told):
        Kill("storage", at_us=0).strike(RecordingStage())


def test_a_clock_can_be_ahead_or_behind() -> None:
    stage = RecordingStage()
    ClockSkew("orders-1", 5, "ahead", at_us=0, for_us=1).strike(stage)
    ClockSkew("orders-2", 5, "behind", at_us=0, for_us=1).strike(stage)
    assert stage.unusual == {("clock", "orders-1"): 5, ("clock", "orders-2"): -5}


def test_links_are_named_once() -> None:
    payments = CutLink(("payments", "provider"), at_us=0, for_us=1)
    slow = SlowLink(("payments", "provider"), 7, at_us=0, for_us=1)
    gateway = CutLink(("gateway", "broker"), at_us=0, for_us=1)
    found = links_of([payments, Kill("orders", at_us=0), slow, gateway])
    assert found == (("gateway", "broker"), ("payments", "provider"))


def test_each_world_has_its_kinds() -> None:
    assert set(kinds_in("live")) >= {"cut_link", "kill", "pause", "provider", "slow_link", "lost_webhooks"}
    assert set(kinds_in("simulated")) >= {"kill", "pause", "deaf_process", "clock_skew", "lost_webhooks"}
    assert set(kinds_in("live")) | set(kinds_in("simulated")) == set(FAULTS)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"target": "orders", "at": "1s"}, "kind: 'kind' is missing; say which kind it is"),
        ({"kind": ["kill"], "at": "1s"}, "kind: unknown kind"),
        ({"kind": "kil", "at": "1s"}, "kind: unknown kind 'kil'; did you mean 'kill'?"),
        ({"kind": "kill", "at": "1s"}, "'target' is missing; add it"),
        ({"kind": "pause", "target": "orders", "at": "1s", "for": "0s"}, "for: '0s' must be at least 1us"),
        ({"kind": "kill", "target": "orders", "at": "1s", "donw": "1s"}, "unknown key 'donw'; did you mean 'down'?"),
        ({"kind": "declines", "share": "140%", "at": "1s", "for": "1s"}, "'140%' is not between 0 and 1"),
        ({"kind": "retry_storm", "copies": 0, "every": "1s", "at": "1s", "for": "1s"}, "copies: 0 must be at least 1"),
        ({"kind": "cut_link", "between": ["provider", "orders"], "at": "1s", "for": "1s"}, "write who connects first"),
        ({"kind": "cut_link", "between": ["broker", "broker"], "at": "1s", "for": "1s"}, "write who connects first"),
        ({"kind": "provider", "knobs": {"mood": 1}, "at": "1s", "for": "1s"}, "knobs.mood: unknown key 'mood'"),
    ],
)
def test_a_document_that_is_no_fault_says_why(document: dict[str, Any], told: str) -> None:
    with pytest.raises(BadValues) as caught:
        from_document(document)
    assert told in str(caught.value)
