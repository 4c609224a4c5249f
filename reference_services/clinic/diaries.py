"""Diaries: which appointments a patient has. Part of the appointments service.

Aggregate ``diary``, keyed by patient_id: it guards the pair of patient and provider (one active appointment within 7
days) and the patient's own time (no two appointments at once), which may be with two providers; so all that a patient
asks for, from however many devices, meets here, in one partition.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event
from .schedules import Slot
from .terms import Terms

ENDED_KEPT = 20
"""Of how many ended attempts, the latest, a claim that comes after its end is turned away."""


class Plan(msgspec.Struct, frozen=True):
    """A time with a provider. ``day`` is the date of the provider's calendar that the time belongs to."""

    clinic_id: str
    provider_id: str
    day: str
    slot: Slot


# Commands


class ClaimTime(Command, frozen=True):
    """An appointment wants the patient to be free then, and not to see the provider too often."""

    patient_id: str
    plan: Plan


class ReleaseTime(Command, frozen=True):
    """The appointment has ended, or does not want this time any more."""

    patient_id: str
    hold_id: str


# Events


class TimeClaimed(Event, frozen=True):
    """The patient can come then."""

    patient_id: str
    plan: Plan


class ClaimRefused(Event, frozen=True):
    """The patient cannot: ``patient-busy``, or ``one-per-week`` with this provider."""

    patient_id: str
    plan: Plan
    reason: str


class TimeReleased(Event, frozen=True):
    """The time no longer counts. If it was not claimed: no claim of it is to come any more."""

    patient_id: str
    hold_id: str


# State


class Diary(msgspec.Struct, frozen=True):
    """What a patient has planned, by hold_id; ``ended`` are hold_ids that were refused or released."""

    plans: Mapping[str, Plan] = {}
    ended: tuple[str, ...] = ()


class DiaryDecider(Decider[Diary]):
    """Decides whether a patient may have one more appointment."""

    name = "diary"
    key_field = "patient_id"
    commands = (ClaimTime, ReleaseTime)
    events = (TimeClaimed, ClaimRefused, TimeReleased)

    def __init__(self, terms: Terms) -> None:
        self._window_us = terms.pair_window_us

    def initial(self, key: str) -> Diary:
        return Diary()

    def decide(self, diary: Diary, command: Command, now_us: int) -> list[Event]:
        match command:
            case ClaimTime():
                return self._claim(diary, command)
            case ReleaseTime():
                ended = command.hold_id in diary.ended
                return [] if ended else [TimeReleased(command.patient_id, command.hold_id)]
            case _:
                raise TypeError(f"diary does not decide {type(command).__name__}")

    def evolve(self, diary: Diary, event: Event) -> Diary:
        match event:
            case TimeClaimed():
                return Diary({**diary.plans, event.plan.slot.hold_id: event.plan}, diary.ended)
            case ClaimRefused():
                return _ended(diary, event.plan.slot.hold_id)
            case TimeReleased():
                return _ended(diary, event.hold_id)
            case _:
                return diary

    def _claim(self, diary: Diary, command: ClaimTime) -> list[Event]:
        plan = command.plan
        if plan.slot.hold_id in diary.plans or plan.slot.hold_id in diary.ended:
            return []
        others = [other for other in diary.plans.values() if other.slot.appointment_id != plan.slot.appointment_id]
        if any(other.slot.overlaps(plan.slot) for other in others):
            return [ClaimRefused(command.patient_id, plan, "patient-busy")]
        if any(self._too_close(other, plan) for other in others):
            return [ClaimRefused(command.patient_id, plan, "one-per-week")]
        return [TimeClaimed(command.patient_id, plan)]

    def _too_close(self, other: Plan, plan: Plan) -> bool:
        apart_us = abs(other.slot.starts_us - plan.slot.starts_us)
        return other.provider_id == plan.provider_id and apart_us < self._window_us


def _ended(diary: Diary, ended_id: str) -> Diary:
    plans = {hold_id: plan for hold_id, plan in diary.plans.items() if hold_id != ended_id}
    return Diary(plans, (*diary.ended, ended_id)[-ENDED_KEPT:])
