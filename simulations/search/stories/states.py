"""An aggregate before and after what broke the rule, folded by the system's own deciders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reference_services.kernel.aggregates import AggregateTable, VersionGap
from reference_services.kernel.message import Message
from scenarios.story_records import StateTable

from .causes import Causes
from .choosing import Chosen
from .wording import Wording

ROWS_MAX = 14
"""So many fields of a state are shown; those that changed come before others."""

NOTHING = StateTable("")


def states_of(causes: Causes, chosen: Chosen, wording: Wording) -> tuple[StateTable, StateTable]:
    """The state of the aggregate that a story is about, before and after; of two copies of a version, both."""
    history = causes.history_of(chosen.subject)
    if causes.service(chosen.subject) is None or not history:
        return NOTHING, NOTHING
    version = causes.events[chosen.breaking].version if chosen.breaking else history[-1].version
    earlier = [event for event in history if event.version < version]
    record = causes.record_of(next(event for event in history if event.version == version))
    before, after = _rows(causes, wording, earlier, ()), _rows(causes, wording, earlier, record)
    if chosen.copy is not None:
        kept, copied = fitted(after, _rows(causes, wording, earlier, chosen.copy.item))
        other = f"Version {version} as {chosen.copy.process} appended it again"
        return StateTable(f"Version {version} as readers keep it", kept), StateTable(other, copied)
    last = causes.events[chosen.breaking] if chosen.breaking else record[-1]
    name = type(last.data).__name__
    shown_before, shown_after = fitted(before, after)
    until = "" if chosen.breaking else ", to the end of the run"
    return StateTable(f"Before {name}", shown_before), StateTable(f"After {name}{until}", shown_after)


def fitted(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Both with the same `ROWS_MAX` fields at most: all that differ first, in their order, a dash for what is not."""
    names = list(dict.fromkeys([*one, *other]))
    changed = {name for name in names if one.get(name) != other.get(name)}
    kept = set(sorted(names, key=lambda name: name not in changed)[:ROWS_MAX])
    shown = [name for name in names if name in kept]
    return {name: one.get(name, "–") for name in shown}, {name: other.get(name, "–") for name in shown}


def _rows(
    causes: Causes, wording: Wording, history: Sequence[Message[Any]], also: tuple[Message[Any], ...]
) -> dict[str, str]:
    subject = (*history, *also)[0].subject if history or also else ""
    service = causes.service(subject)
    if service is None:
        return {}
    table = AggregateTable(causes.system, service)
    records = [causes.record_of(event) for event in history if event.id.endswith("/0")]
    try:
        for record in (*records, also) if also else records:
            table.fold(record)
    except VersionGap:  # with a hole in its history nobody knows how it stands
        return {}
    return wording.rows(table.state(subject))
