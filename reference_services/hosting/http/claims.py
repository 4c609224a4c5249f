"""Idempotency keys: one key is one request, however often it is sent and through whichever gateway.

Two different requests under one key must never both be accepted: not after a restart, and not when two gateways get
them at the same instant. The aggregates cannot see to that alone: each drops a second command with the same id, but
the two requests may address two aggregates. So all keys meet in one place that has an order, the requests topic.
Before a gateway sends a command to its inbox it appends it there, keyed by its id, which derives from caller,
operation and key; then it reads on until it sees which command with that id came first. That one is the claim:

- Claimed with the same fingerprint (method, path and body): whoever asks sends *the claimed* command to the inbox, not
  one that is made anew, because views may have moved on since. The aggregate drops the copy, and everyone who asks
  reads the same decision.
- Claimed with another fingerprint: 422, and nothing is sent.

A gateway that starts reads the topic from its beginning, so restarts forget nothing. One that dies between its two
appends leaves a claim without a decision; its caller got no answer and repeats the request, and the first case
applies. A request that is repeated while the same gateway is still deciding it gets 409; at another gateway it joins.

The price is one record and one trip to the broker for each action with a key: some milliseconds. Only the latest
requests are remembered; an older key with the same request is still harmless, as aggregates know the ids they decided.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from aiokafka import ConsumerRecord

from ...kernel.codec import Undecodable
from .memory import FirstSeen

CAUSE = "request:"
"""Begins the ``causation_id`` of every command that a gateway sends; the request's fingerprint follows."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """The request that holds a key: its fingerprint, and its command as it goes to the inbox."""

    fingerprint: str
    payload: bytes


class _Head(msgspec.Struct, frozen=True):
    """What is read of a claimed command as long as nobody repeats it."""

    id: str
    causation_id: str


class Claims(FirstSeen[Claim]):
    """Who holds which key, by command id, as the requests topic tells it."""

    def note(self, raw: ConsumerRecord) -> None:
        """Take in one record of the requests topic. Raises `Undecodable`."""
        payload = raw.value or b""
        try:
            head = _head_decoder.decode(payload)
        except msgspec.DecodeError as error:
            raise Undecodable(f"not a claimed command: {error}") from error
        self.put(head.id, Claim(head.causation_id.removeprefix(CAUSE), payload))


def fingerprint_of(method: str, path: str, body: Any) -> str:
    """A short hash of a request. The body counts by its meaning: spaces and the order of members do not matter."""
    digest = hashlib.blake2b(f"{method} {path}\n".encode(), digest_size=16)
    digest.update(_encoder.encode(body))
    return digest.hexdigest()


_head_decoder = msgspec.json.Decoder(_Head)
_encoder = msgspec.json.Encoder(order="deterministic")
