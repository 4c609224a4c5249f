"""The life cycles of a system's aggregates, drawn from the very tables that the deciders consult."""

from __future__ import annotations

from typing import Any

from ..kernel.decider import Decider
from ..kernel.transitions import TransitionTable
from .mermaid import identifier, label


def life_cycle(decider: Decider[Any]) -> str:
    """A Mermaid state diagram of one kind of aggregate. Raises ValueError if it has no transition table."""
    if decider.transitions is None:
        raise ValueError(f"{decider.name} has no life cycle")
    table = decider.transitions
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{label(status)}" as {_state(table, status)}'
        for status in table.statuses
        if _state(table, status) != START
    ]
    if _state(table, table.initial) != START:
        lines.append(f"    {START} --> {_state(table, table.initial)}")
    for (before, after), events in _moves(table).items():
        lines.append(f"    {_state(table, before)} --> {_state(table, after)}: {label(chr(10).join(events))}")
    lines += [f"    {_state(table, status)} --> {START}" for status in table.final_statuses()]
    return "\n".join(lines)


START = "[*]"
"""Mermaid's dot: where a life begins and, behind an arrow, where it ends."""


def _moves(table: TransitionTable) -> dict[tuple[str, str], list[str]]:
    """The events that lead from one status to another; several share one arrow."""
    moves: dict[tuple[str, str], list[str]] = {}
    for before, event, after in table:
        moves.setdefault((before, after), []).append(event.__name__)
    return moves


def _state(table: TransitionTable, status: str) -> str:
    """A status as Mermaid knows it. The initial one is the dot, unless events lead back to it."""
    if status == table.initial and all(after != status for _, _, after in table):
        return START
    return identifier("status", status)
