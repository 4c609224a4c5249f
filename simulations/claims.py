"""Idempotency keys in virtual time: one key is one request, through whichever gateway it comes, and however often."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from reference_services.kernel.message import Message
from scenarios.steps import Do

REQUESTS_REMEMBERED = 20_000


class Claim(msgspec.Struct, frozen=True, gc=False):
    """The request that holds a key, and its command."""

    do: Do
    command: Message[Any]

    def is_for(self, do: Do) -> bool:
        """Whether ``do`` is the same request, sent again."""
        return (self.do.operation, self.do.path, self.do.body) == (do.operation, do.path, do.body)


class Claims:
    """Who holds which key, by command id; for all gateways, as the requests topic tells it to all."""

    def __init__(self) -> None:
        self._claims: OrderedDict[str, Claim] = OrderedDict()

    def get(self, command_id: str) -> Claim | None:
        """Who holds the key that ``command_id`` derives from."""
        return self._claims.get(command_id)

    def put(self, do: Do, command: Message[Any]) -> None:
        """A new key is claimed; the oldest is let go."""
        self._claims[command.id] = Claim(do, command)
        if len(self._claims) > REQUESTS_REMEMBERED:
            self._claims.popitem(last=False)
