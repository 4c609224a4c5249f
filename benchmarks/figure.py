"""One measured figure, its target, and how busy the machine was meanwhile."""

from __future__ import annotations

import os

import msgspec
import psutil


class Figure(msgspec.Struct, frozen=True):
    """A figure in ``unit``; ``target`` says in words what was hoped for, ``note`` how it came about."""

    name: str
    value: float
    unit: str
    target: str
    note: str = ""


def machine_load() -> str:
    """How busy the machine is right now, for reading a figure with the right doubt."""
    one_minute, _, _ = os.getloadavg()
    busy = psutil.cpu_percent(interval=0.5)
    return f"{os.cpu_count()} processors, load average {one_minute:.1f}, {busy:.0f} % busy before"
