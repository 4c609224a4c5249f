"""The relays of a system: one for each connection that faults may slow down or cut, and who is sent through it.

A link is two names: who connects (a service, all of its workers, or ``gateway``) and to whom (``provider`` or
``broker``). Without links there is no relay, and everybody connects directly.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from .relay import LOOPBACK, Relay
from .settings import KAFKA_SCHEME, Settings

Link = tuple[str, str]
BROKER = "broker"
PROVIDER = "provider"

TOLD_WITHIN_S = 5.0


class UnknownLink(LookupError):
    """There is no relay between the two; the text lists those that there are."""


class Relays:
    """Relays for ``links``, in a thread of their own. Close them in the end."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._relays = {link: Relay() for link in links}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relays", daemon=True)
        if self._relays:
            self._thread.start()
        for relay in self._relays.values():
            self._do(relay.start())

    def close(self) -> None:
        """Drop every connection and stop listening."""
        for relay in self._relays.values():
            self._do(relay.stop())
        if self._relays:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    @property
    def ports_to_broker(self) -> tuple[int, ...]:
        """Where the relays to the broker listen: what it must call itself to those who come through them."""
        return tuple(relay.port for (_, callee), relay in self._relays.items() if callee == BROKER)

    def lead_to(self, provider_port: int, broker_ports: Mapping[int, int]) -> None:
        """Say where the relays lead: ``broker_ports`` are the broker's own, by the port of the relay before it."""
        for (_, callee), relay in self._relays.items():
            relay.port_behind = provider_port if callee == PROVIDER else broker_ports[relay.port]

    def settings_of(self, callers: Iterable[str], settings: Settings) -> Settings:
        """``settings`` of a process that is all of ``callers``, so that it connects through its relays."""
        for caller in callers:
            if (to_provider := self._relays.get((caller, PROVIDER))) is not None:
                settings = settings.changed(provider_url=f"http://{LOOPBACK}:{to_provider.port}")
            if (to_broker := self._relays.get((caller, BROKER))) is not None:
                settings = settings.changed(broker=f"{KAFKA_SCHEME}{LOOPBACK}:{to_broker.port}")
        return settings

    def slow(self, link: Link, extra_s: float) -> None:
        """Let everything between the two take this much longer, in each direction; 0 is as usual.

        Raises `UnknownLink`, as the others do.
        """
        self._relay(link).extra_s = extra_s

    def cut(self, link: Link) -> None:
        """Let nothing through between the two."""
        self._loop.call_soon_threadsafe(self._relay(link).cut)

    def mend(self, link: Link) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._relay(link).mend)

    def _relay(self, link: Link) -> Relay:
        try:
            return self._relays[link]
        except KeyError:
            there_are = ", ".join(" to ".join(known) for known in self._relays) or "none"
            raise UnknownLink(f"no relay leads from {link[0]!r} to {link[1]!r}; there are: {there_are}") from None

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(TOLD_WITHIN_S)
