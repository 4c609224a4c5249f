"""What a simulated system is built of. Planted bugs swap one part of it; nothing else ever does."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from reference_services.kernel.system import System

from .gateway import VirtualGateway
from .hosts.decider_host import DeciderHost


def as_wired(system: System) -> System:
    """The system as it is."""
    return system


class Design(msgspec.Struct, frozen=True):
    """The parts: how the wiring is altered, and which classes play its hosts."""

    system: Callable[[System], System] = as_wired
    decider_host: type[DeciderHost] = DeciderHost
    gateway: type[VirtualGateway] = VirtualGateway


HONEST = Design()
"""The reference services as they are."""
