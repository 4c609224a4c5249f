"""What a worker counts, so that nothing can get lost unnoticed: consumed = decided + duplicates + dead-lettered."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter, Gauge

CONSUMED = Counter("doorbuster_commands_consumed", "Commands taken from the inbox.", ["service"])
DECIDED = Counter("doorbuster_commands_decided", "Commands that led to events.", ["service"])
REFUSED = Counter("doorbuster_commands_refused", "Decided commands that a business rule turned down.", ["service"])
DUPLICATES = Counter("doorbuster_commands_duplicate", "Commands decided before, or without any effect.", ["service"])
DEAD_LETTERED = Counter("doorbuster_commands_dead_lettered", "Commands set aside, each with its reason.", ["service"])
APPENDED = Counter("doorbuster_events_appended", "Events appended to the service's log.", ["service"])
DEADLINES_FIRED = Counter("doorbuster_deadlines_fired", "Commands sent because their time had come.", ["service"])
DEADLINES_ARMED = Gauge("doorbuster_deadlines_armed", "Aggregates for which time will decide something.", ["service"])
AGGREGATES = Gauge("doorbuster_aggregates", "Aggregates held in memory.", ["service"])

REACTED = Counter("doorbuster_records_reacted_to", "Records that have been gone through.", ["service", "by"])
COMMANDED = Counter("doorbuster_commands_sent", "Commands that policies and effects have sent.", ["service", "by"])
EVENTS_DEAD_LETTERED = Counter("doorbuster_events_dead_lettered", "Records set aside.", ["service", "by"])
ATTEMPTED = Counter("doorbuster_effect_attempts", "Calls to the outside, repetitions too.", ["service", "effect"])
FAILED = Counter("doorbuster_effect_failures", "Calls to the outside that failed.", ["service", "effect"])
GIVEN_UP = Counter("doorbuster_effects_given_up", "Effects whose every attempt failed.", ["service", "effect"])
IN_FLIGHT = Gauge("doorbuster_effects_in_flight", "Effects being called or waiting to be repeated.", ["service"])

LAG = Gauge("doorbuster_consumer_lag", "Messages of a partition not done with.", ["topic", "partition", "group"])
REBALANCES = Gauge("doorbuster_rebalances", "Rebalances that this member of a group has been through.", ["group"])


class DeciderCounts:
    """The counters of one service's deciding."""

    def __init__(self, service: str, aggregates: Callable[[], int], deadlines: Callable[[], int]) -> None:
        self.consumed = CONSUMED.labels(service)
        self.decided = DECIDED.labels(service)
        self.refused = REFUSED.labels(service)
        self.duplicates = DUPLICATES.labels(service)
        self.dead_lettered = DEAD_LETTERED.labels(service)
        self.appended = APPENDED.labels(service)
        self.deadlines_fired = DEADLINES_FIRED.labels(service)
        AGGREGATES.labels(service).set_function(aggregates)
        DEADLINES_ARMED.labels(service).set_function(deadlines)


class ReactionCounts:
    """The counters of one service's reacting; ``by`` is ``policies`` (on its own events) or ``effects``."""

    def __init__(self, service: str, by: str) -> None:
        self.reacted = REACTED.labels(service, by)
        self.commanded = COMMANDED.labels(service, by)
        self.dead_lettered = EVENTS_DEAD_LETTERED.labels(service, by)
